// The packed packages in a stranger's hands: ES modules, require(), Jest, strict TypeScript old and new, with and without an engine.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installApp, packAll } from "../../packs.mjs";
import { root } from "../../repository.mjs";
import { run } from "../../runProgram.mjs";
import { here, nodeMajors, nodeProgram } from "../tools.mjs";

const folder = mkdtempSync(join(tmpdir(), "losses-strangers-"));
const app = join(folder, "app");
const require = createRequire(import.meta.url);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  installApp(app, packAll(join(folder, "tarballs")), {
    ours: ["core", "js", "tfjs", "onnx", "onnxruntime"].map((name) => `@losses/${name}`),
    others: { "@tensorflow/tfjs-core": "4.22.0", "@tensorflow/tfjs-backend-cpu": "4.22.0" },
  });
});

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  mkdirSync(join(app, file, ".."), { recursive: true });
  writeFileSync(join(app, file), text);
}

const feeds = "{ input: [[2, 1, 0], [0, 3, 1]], target: Int32Array.of(0, 1) }";
// -(log 0.665241 + log 0.843795) / 2, and (0.665241 - 1) / 2: the shares of softmax(2, 1, 0) and softmax(0, 3, 1).
const expected = "0.288726 -0.167380";
const print = "console.log(value.data[0].toFixed(6), grads.input.data[0].toFixed(6));";

describe.each(nodeMajors)("Node.js %s", (major) => {
  const node = nodeProgram(major) ?? "";

  it.skipIf(node === "")("import: core + js, value and gradient", () => {
    write(
      "main.mjs",
      `import { crossEntropy } from "@losses/core";
import { createBackend } from "@losses/js";
const loss = await (await createBackend()).compile(crossEntropy());
const { value, grads } = await loss.valueAndGrad(${feeds});
${print}`,
    );
    expect(run(node, ["main.mjs"], { cwd: app }).trim()).toBe(expected);
  });

  it.skipIf(node === "")("require(): core + js, value and gradient, and the same objects as import gives", () => {
    write(
      "main.cjs",
      `const core = require("@losses/core");
const { createBackendSync } = require("@losses/js");
const { value, grads } = createBackendSync().compileSync(core.crossEntropy()).valueAndGradSync(${feeds});
${print}
import("@losses/core").then((imported) => console.log(imported.crossEntropy === core.crossEntropy));`,
    );
    expect(run(node, ["main.cjs"], { cwd: app }).trim()).toBe(`${expected}\ntrue`);
  });
});

it("core + tfjs", () => {
  write(
    "tfjs.mjs",
    `import { crossEntropy } from "@losses/core";
import { createBackend } from "@losses/tfjs";
const backend = await createBackend({ device: "cpu" });
const { value, grads } = await (await backend.compile(crossEntropy())).valueAndGrad(${feeds});
console.log((await backend.read(value)).data[0].toFixed(6), (await backend.read(grads.input)).data[0].toFixed(6));`,
  );
  expect(run(process.execPath, ["tfjs.mjs"], { cwd: app }).trim().split("\n").at(-1)).toBe(expected);
});

describe("core + onnxruntime", () => {
  const program = `import { crossEntropy } from "@losses/core";
import { createBackend } from "@losses/onnxruntime";
const backend = await createBackend();
const { value, grads } = await (await backend.compile(crossEntropy())).valueAndGrad(${feeds});
console.log((await backend.read(value)).data[0].toFixed(6), (await backend.read(grads.input)).data[0].toFixed(6));`;

  it("without the engine says what to install", () => {
    write("ort.mjs", program);
    expect(existsSync(join(app, "node_modules", "onnxruntime-node"))).toBe(false);
    expect(() => run(process.execPath, ["ort.mjs"], { cwd: app })).toThrow(
      /BackendUnavailableError[^]*npm install onnxruntime-node/,
    );
  });

  it("with the engine computes", () => {
    const other = join(folder, "with-engine");
    mkdirSync(join(other, "node_modules"), { recursive: true });
    for (const name of ["@losses", "@bufbuild", "onnxruntime-common"]) {
      symlinkSync(join(app, "node_modules", name), join(other, "node_modules", name), "junction");
    }
    symlinkSync(
      join(root, "packages/onnxruntime/node_modules/onnxruntime-node"),
      join(other, "node_modules", "onnxruntime-node"),
      "junction",
    );
    writeFileSync(join(other, "ort.mjs"), program);
    const flags = ["--preserve-symlinks", "--preserve-symlinks-main"];
    expect(run(process.execPath, [...flags, "ort.mjs"], { cwd: other }).trim()).toBe(expected);
  });
});

it("what is not exported cannot be imported, and what is can be, both ways", () => {
  const names = ["core", "js", "tfjs", "onnx", "onnxruntime", "js/scalar", "core/package.json"];
  write(
    "exports.cjs",
    `const { createRequire } = require("node:module");
for (const name of ${JSON.stringify(names)}) require("@losses/" + name);
for (const name of ["core/dist/index.js", "js/dist/backend.js", "core/src/index.ts"]) {
  try { require.resolve("@losses/" + name); console.log(name, "resolves"); } catch (error) { if (error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") console.log(name, error.code); }
}
console.log("done");`,
  );
  expect(run(process.execPath, ["exports.cjs"], { cwd: app }).trim()).toBe("done");
});

describe("TypeScript, strict", () => {
  const program = `import { crossEntropy, defineLoss, float, reduction, type LossSpec } from "@losses/core";
import { createBackend, type JsTensor } from "@losses/js";
import { createBackend as createScalar } from "@losses/js/scalar";
import { createBackend as createTfjs } from "@losses/tfjs";
import { createBackend as createOrt, type OnnxRuntimeOptions } from "@losses/onnxruntime";
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

export async function main(): Promise<number | undefined> {
  const loss = await (await createBackend({ engine: "scalar" })).compile(crossEntropy({ labelSmoothing: 0.1 }));
  const { value, grads } = await loss.valueAndGrad(${feeds});
  const tensor: JsTensor = value;
  const own = await (await createScalar()).compile(logCosh({ reduction: "sum" }));
  const model: Uint8Array = exportLoss(logCosh(), { gradients: true });
  const options: OnnxRuntimeOptions = { device: ["webgpu", "cpu"] };
  await Promise.all([createTfjs({ device: "cpu" }), createOrt(options)]);
  // @ts-expect-error there is no such option
  crossEntropy({ labelSmothing: 0.1 });
  // @ts-expect-error there is no such input
  await own.value({ input: [1], truth: [0] });
  return (tensor.data[0] ?? 0) + (grads.input?.data[0] ?? 0) + model.length;
}
export type Spec = LossSpec<{ input: "float"; weight?: "float" }>;
`;
  const modes = { node16: "node16", nodenext: "nodenext", bundler: "esnext" };
  // The oldest that is supported, the one that the packages are built with, the newest.
  const cases = ["typescript-oldest", "typescript-usual", "typescript-newest"].flatMap((compiler) =>
    Object.entries(modes).map(([moduleResolution, module]) => ({ compiler, moduleResolution, module })),
  );

  it.each(cases)("$compiler, moduleResolution $moduleResolution", ({ compiler, moduleResolution, module }) => {
    write("typed/main.mts", program);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      target: "es2022",
      lib: ["es2022", "dom"],
      types: [],
      module,
      moduleResolution,
      noEmit: true,
      // The types of the engines are theirs.
      skipLibCheck: true,
    };
    write("typed/tsconfig.json", JSON.stringify({ compilerOptions, include: ["main.mts"] }));
    run(process.execPath, [join(here, "node_modules", compiler, "bin", "tsc"), "-p", "typed"], { cwd: app });
  });
});

describe("Jest", () => {
  const test = (/** @type {string} */ imports, /** @type {string} */ top) => `${imports}
${top}
test("value and gradient", async () => {
  const loss = await (await createBackend()).compile(crossEntropy());
  const { value, grads } = await loss.valueAndGrad(${feeds});
  expect(value.data[0]).toBeCloseTo(0.288726, 5);
  expect(grads.input.data[0]).toBeCloseTo(-0.16738, 5);
});`;
  const jest = join(here, "node_modules", "jest", "bin", "jest.js");

  it("with CommonJS tests, by the recipe of the support policy", () => {
    // What SUPPORT.md shows, with the programs where they are here.
    const [, shown] =
      /```json\n(\{\n {2}"transform"[^]*?\n\})\n```/.exec(readFileSync(join(root, "SUPPORT.md"), "utf8")) ?? [];
    const config = JSON.parse(shown ?? "{}", (_, value) =>
      ["babel-jest", "@babel/plugin-transform-modules-commonjs"].includes(value) ? require.resolve(value) : value,
    );
    write(
      "jest/value.test.cjs",
      test('const { crossEntropy } = require("@losses/core");', 'const { createBackend } = require("@losses/js");'),
    );
    const settings = {
      ...config,
      rootDir: app,
      testMatch: ["**/jest/*.test.cjs"],
      moduleFileExtensions: ["js", "cjs", "json"],
    };
    run(process.execPath, [jest, "--config", JSON.stringify(settings)], { cwd: app });
  });

  it("with ES modules", () => {
    write(
      "jest/value.test.mjs",
      test('import { crossEntropy } from "@losses/core";', 'import { createBackend } from "@losses/js";'),
    );
    const settings = {
      rootDir: app,
      transform: {},
      testMatch: ["**/jest/*.test.mjs"],
      moduleFileExtensions: ["js", "mjs", "json"],
    };
    run(process.execPath, ["--experimental-vm-modules", jest, "--config", JSON.stringify(settings)], { cwd: app });
  });
});
