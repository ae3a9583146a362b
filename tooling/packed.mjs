// Installs the packed packages in an empty folder, as a new user would, and runs the README's first example and command.
// Usage: node tooling/packed.mjs
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { installApp, packAll, tarballFiles } from "./packs.mjs";
import { root } from "./repository.mjs";
import { run } from "./runProgram.mjs";

const folder = mkdtempSync(join(tmpdir(), "losses-packed-"));

/** The first code block of the README, as a program. */
function firstExample() {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  if (code === undefined) throw new Error("README.md: there must be a ts code block, got none");
  return code;
}

/** A loss that a user writes: log cosh, run on the processor and exported as an ONNX model. */
const ownLoss = `
import { defineLoss, float, reduction } from "@losses/core";
import { createBackend } from "@losses/js";
import { exportLoss } from "@losses/onnx";

const logCosh = defineLoss({
  name: "logCosh",
  summary: "Log cosh of the error.",
  formula: "log(cosh(input - target))",
  inputs: { input: float(["~d"], "Predictions."), target: float(["~d"], "Truth.") },
  options: { reduction: reduction("mean") },
  value({ input, target }) {
    const d = input.sub(target);
    return d.add(d.mul(-2).softplus()).sub(Math.LN2);
  },
});
const loss = await (await createBackend()).compile(logCosh());
const { value, grads } = await loss.valueAndGrad({ input: [1], target: [0] });
const model = exportLoss(logCosh(), { gradients: true });
console.log(value.data[0].toFixed(6), grads.input.data[0].toFixed(6), model.length > 500 ? "model" : "no model");
`;

/**
 * @param {boolean} holds
 * @param {string} what
 */
function demand(holds, what) {
  if (!holds) throw new Error(`packed: ${what}`);
  console.log(`✓ ${what}`);
}

try {
  const app = join(folder, "app");
  const tarballs = packAll(join(folder, "tarballs"));
  for (const [name, tarball] of Object.entries(tarballs)) {
    const files = tarballFiles(tarball.replace(/^file:/, ""));
    const surplus = files.filter((file) =>
      /(^|\/)(src|test|tests|fixtures|node_modules|\.turbo|\.reports)\/|\.test\./.test(file),
    );
    // The golden cases are what this one is for.
    const allowed = name === "@losses/conformance" ? surplus.filter((file) => !file.startsWith("fixtures/")) : surplus;
    demand(
      allowed.length === 0,
      `${name} holds no sources, tests or fixtures: ${files.length} files ${allowed.join(" ")}`,
    );
    demand(files.includes("LICENSE") && files.includes("README.md"), `${name} holds its licence and README`);
  }
  installApp(app, tarballs, { ours: Object.keys(tarballs) });
  writeFileSync(join(app, "example.mjs"), firstExample());
  const printed = run(process.execPath, ["example.mjs"], { cwd: app });
  demand(
    /^0\.\d+ \{\s+data: Float32Array/.test(printed),
    `the README's example prints a value and a gradient: ${printed.trim()}`,
  );
  const bin = join(app, "node_modules", ".bin", "losses");
  demand(run(bin, ["list"], { cwd: app }).includes("tripletMarginLoss"), "losses list names the losses");
  const cases = JSON.stringify([
    {
      id: "a",
      loss: "clipLoss",
      options: {},
      inputs: [
        { name: "image", dtype: "float32", shape: [1, 1], data: [1], grad: true },
        { name: "text", dtype: "float32", shape: [1, 1], data: [1] },
        { name: "logitScale", dtype: "float32", shape: [], data: [1] },
      ],
    },
  ]);
  const line = JSON.parse(run(bin, ["eval", "--backend", "js"], { cwd: app, input: cases }));
  demand(line.value.data[0] === 0 && line.grads.image.data[0] === 0, "losses eval reads a case and answers it");
  writeFileSync(join(app, "labels.json"), "[0, 1]");
  writeFileSync(join(app, "logits.csv"), "a,b\n1,1\n2,2\n");
  const files = [
    "--input",
    "input=logits.csv",
    "--input",
    "target=labels.json",
    "--per-sample",
    "losses.npy",
    "--json",
  ];
  const ran = JSON.parse(run(bin, ["run", "crossEntropy", ...files], { cwd: app }));
  demand(Math.abs(ran.value - Math.LN2) < 1e-6 && ran.samples === 2, "losses run reads files and gives their loss");
  writeFileSync(join(app, "own.mjs"), ownLoss);
  const own = run(process.execPath, ["own.mjs"], { cwd: app }).trim();
  demand(own === "0.433781 0.761594 model", `a loss written outside runs, differentiates and exports: ${own}`);
  const bench = JSON.parse(
    run(bin, ["bench", "--backend", "js", "--workload", "W7b", "--rounds", "1", "--json"], { cwd: app }),
  );
  demand(JSON.stringify(bench).includes("crossEntropy"), "losses bench times a loss beside its peer");
  const doctor = JSON.parse(run(bin, ["doctor", "--json"], { cwd: app }));
  demand(
    JSON.stringify(doctor).includes("npm install onnxruntime-node"),
    "losses doctor names the cure for a missing engine",
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
