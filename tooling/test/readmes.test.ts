import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { tripletMarginLoss } from "@losses/core";
import { exportModule } from "@losses/js/export";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Every example of a README in strict TypeScript, and run, on each backend that it names.

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Example {
  /** What stands before the example: what it supposes to be there. */
  readonly given?: string;
  /** What stands after it. */
  readonly after?: string;
  /** What it prints; or which test runs it, where it takes long or what is not here. */
  readonly prints: RegExp | { readonly ranBy: string };
  /** What it says may stand in place of something in it, for other backends. */
  readonly variants?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where what it imports is here. */
  readonly places?: Readonly<Record<string, string>>;
}

const pairs = `const image = [[1, 0], [0, 1]]; const text = [[0.8, 0.6], [0, 1]];`;
const points = `const [anchors, positives, negatives] = [1, 2, 3].map((seed) =>
  Float32Array.from({ length: 64 * 128 }, (_, i) => Math.sin(seed * i))) as [Float32Array, Float32Array, Float32Array];`;
const feeds =
  "const feeds = { anchor: { data: anchors, shape: [64, 128] }, positive: { data: positives, shape: [64, 128] }, negative: { data: negatives, shape: [64, 128] } };";
const clip = `import { clipLoss, evaluateBatches } from "@losses/core"; import { createBackend } from "@losses/onnxruntime";
const backend = await createBackend(); const loss = await backend.compile(clipLoss());
const image = { data: new Float32Array(32 * 512).fill(0.5), shape: [32, 512] }; const text = image;
const feeds = { image, text, logitScale: 2 }; const batches = [feeds, feeds];
const show = (done: number, total: number | undefined): void => console.log(done, total);`;

/** (log cosh 0.5 + log cosh 2) / 2 */
const logCosh = /^Float32Array\(1\) \[ 0\.7225\d* \]/;

/** By file, in their order. */
const examples: Readonly<Record<string, readonly Example[]>> = {
  "README.md": [
    {
      prints: /^0\.036\d* \{[^]*shape: \[ 2, 2 \]/,
      variants: {
        "@losses/onnxruntime": { '"@losses/js"': '"@losses/onnxruntime"' },
        "@losses/tfjs": {
          '"@losses/js"': '"@losses/tfjs"',
          "await createBackend();": 'await createBackend({ device: "wasm" });',
        },
      },
    },
  ],
  "CONTRIBUTING.md": [
    {
      after: `import { createBackend } from "@losses/js";
console.log((await createBackend()).compileSync(logCoshLoss()).valueSync({ input: [0.5, -1], target: [0, 1] }).data);`,
      prints: logCosh,
      places: { "../../": "../../../packages/core/dist/" },
    },
    {
      prints: { ranBy: "packages/conformance/test/testBackend.test.ts" },
      places: { "./myBackend.js": "@losses/js" },
    },
  ],
  "packages/core/README.md": [
    { prints: /^Float32Array\(1\) \[ 0\.1\d* \] Float32Array\(4\)/ },
    { prints: /^0\.2201 Float32Array\(6\)/ },
    {
      given: `import { createBackend } from "@losses/js";`,
      after: `const loss = (await createBackend()).compileSync(logCosh());
console.log(loss.valueSync({ input: [0.5, -1], target: [0, 1] }).data);`,
      prints: logCosh,
    },
    {
      after: "console.log(id, backend.id, refused.length);",
      prints: /^(js js 1|onnxruntime:cuda onnxruntime:cuda 0)$/,
    },
  ],
  "packages/conformance/README.md": [
    {
      prints: { ranBy: "packages/conformance/test/testBackend.test.ts" },
      places: { "my-backend": "@losses/js" },
    },
    {
      given: `import { writeFile } from "node:fs/promises"; import { createBackend } from "@losses/js";`,
      prints: { ranBy: "packages/conformance/test/meta.test.ts" },
    },
    { after: "console.log(ranking.length, refused.length);", prints: /^2 0$/ },
  ],
  "packages/io/README.md": [
    {
      given: `import { writeFile } from "node:fs/promises"; import { writeArray } from "@losses/io";
const logits = await writeArray("logits.npy", { dtype: "float32", row: [3] });
await logits.write([2, 1, 0, 0, 3, 1], 2);
await logits.finish();
const header = JSON.stringify({ labels: { dtype: "I32", shape: [2], data_offsets: [0, 8] } });
const length = Buffer.alloc(8);
length.writeBigUInt64LE(BigInt(header.length));
await writeFile("data.safetensors", Buffer.concat([length, Buffer.from(header), Buffer.from(Int32Array.of(1, 2).buffer)]));`,
      after: "console.log(value, samples);",
      // Of softmax(2, 1, 0) and softmax(0, 3, 1): -(log 0.244728 + log 0.114195) / 2
      prints: /\n1\.788\d* 2$/,
    },
  ],
  "packages/js/README.md": [
    {
      given: points,
      prints: /^[\d.]+ Float32Array\(8192\)/,
      variants: { "@losses/js/scalar": { '"@losses/js"': '"@losses/js/scalar"' } },
    },
    {
      given: `import { createBackend } from "@losses/js";`,
      after: "console.log(backend.id); await backend.dispose();",
      prints: /^js$/,
    },
    { given: points, prints: /^[\d.]+ Float32Array\(8192\)/ },
    { after: "console.log(code.length > types.length);", prints: /^true$/ },
    {
      given: `import { tripletMarginLoss } from "@losses/core"; import { createBackend } from "@losses/js";
${points} ${feeds}
const backend = await createBackend(); const loss = backend.compileSync(tripletMarginLoss());`,
      after: "console.log(out.grads.anchor.data.some((x) => x !== 0));",
      prints: /^true$/,
    },
  ],
  "packages/onnx/README.md": [
    { after: "console.log(bytes.length > 100);", prints: /^true$/ },
    {
      given: `import { attachLoss, writeModel } from "@losses/onnx"; import { crossEntropy } from "@losses/core";
const modelBytes = writeModel({
  inputs: [{ name: "x", dtype: "float32", shape: ["N", 3] }],
  outputs: [{ name: "logits", dtype: "float32", shape: ["N", 3] }],
  nodes: [{ opType: "Identity", inputs: ["x"], outputs: ["logits"] }],
});`,
      after: "console.log(evaluated.length > modelBytes.length);",
      prints: /^true$/,
    },
  ],
  "packages/onnxruntime/README.md": [
    { given: pairs, prints: /^0\.0\d+ / },
    {
      given: clip,
      after: "console.log(values.length, out.grads.image.data.length);",
      prints: /^0 2\n1 2\n2 2\n2 16384$/,
    },
  ],
  "packages/tfjs/README.md": [
    // 0.9 · 0.288726 + 0.1 · 1.622060, the mean of all -log softmax
    { prints: /^Tensor\s+0\.42206\nTensor|^Tensor\s+0\.42205\d*\nTensor/ },
    {
      given: `import { createBackend } from "@losses/tfjs";`,
      prints: { ranBy: "packages/tfjs/test/node.test.ts" },
    },
    { prints: { ranBy: "packages/tfjs/test/examples.test.ts" } },
    {
      // What is trained are the embeddings themselves: tfjs-core alone has no gradients for ops in Node.js.
      given: `await tf.ready();
const [a, p, n] = [[[0, 1]], [[1, 1]], [[0.5, 1]]].map((x) => tf.variable(tf.tensor2d(x))) as [tf.Variable, tf.Variable, tf.Variable];
const embed = (x: tf.Variable): tf.Tensor => x;`,
      after: "a.print();",
      prints: /^Tensor\s+\[\[0, 1\.00/,
    },
  ],
  "packages/wasm/README.md": [{ prints: /^1\.25$/ }],
};

/** The blocks of TypeScript and JavaScript in a text. */
function blocksOf(text: string): readonly { readonly isTyped: boolean; readonly code: string }[] {
  return [...text.matchAll(/^ *```(ts|js)\n([^]*?)^ *```/gm)].map(([, language, code = ""]) => ({
    isTyped: language === "ts",
    code,
  }));
}

const found = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`),
].flatMap((file) => blocksOf(readFileSync(join(root, file), "utf8")).map((block, i) => ({ file, i, ...block })));

const nothingKnown: Example = { prints: /^an entry above$/ };

interface Program {
  readonly name: string;
  readonly file: string;
  readonly code: string;
  readonly isTyped: boolean;
  readonly prints: Example["prints"];
}

const programs = found.flatMap(({ file, i, isTyped, code }): readonly Program[] => {
  const { given = "", after = "", prints, variants = {}, places = {} } = examples[file]?.[i] ?? nothingKnown;
  const here = Object.entries(places).reduce((text, [from, to]) => text.replaceAll(`"${from}`, `"${to}`), code);
  const all: NonNullable<Example["variants"]> = { "": {}, ...variants };
  return Object.entries(all).map(([variant, changes]) => ({
    name: `${file}, example ${i + 1}${variant === "" ? "" : ` with ${variant}`}`,
    file: join(root, "tooling/.reports/readmes", `${file}-${i}${variant}`.replaceAll("/", "-") + ".ts"),
    code: `${given}\n${Object.entries(changes).reduce(changed, here)}\n${after}\nexport {};\n`,
    isTyped,
    prints,
  }));
});

function changed(text: string, [from, to]: readonly [string, string]): string {
  if (text.includes(from)) return text.replace(from, to);
  throw new Error(`an example must have ${from} to be changed, got ${text}`);
}

const folder = mkdtempSync(join(tmpdir(), "losses-readmes-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("each example of each README has an entry here", () => {
  const count = (file: string): number => found.filter((one) => one.file === file).length;
  const files = [...new Set(found.map(({ file }) => file))];
  expect(Object.fromEntries(files.map((file) => [file, count(file)]))).toEqual(
    Object.fromEntries(Object.entries(examples).map(([file, all]) => [file, all.length])),
  );
});

describe("examples", { timeout: 120_000 }, () => {
  let problems: ReadonlyMap<string, readonly string[]>;
  beforeAll(() => {
    mkdirSync(join(root, "tooling/.reports/readmes"), { recursive: true });
    for (const { file, code } of programs) writeFileSync(file, code);
    // What the command writes in the README of @losses/js.
    const written = exportModule(tripletMarginLoss({ margin: 0.2 }), { gradients: true });
    writeFileSync(join(root, "tooling/.reports/readmes/tripletMargin.js"), written.code);
    writeFileSync(join(root, "tooling/.reports/readmes/tripletMargin.d.ts"), written.types);
    const program = ts.createProgram(
      programs.filter(({ isTyped }) => isTyped).map(({ file }) => file),
      {
        noEmit: true,
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        lib: ["lib.es2022.d.ts"],
        types: ["node"],
        typeRoots: [join(root, "node_modules/@types")],
      },
    );
    problems = new Map(
      programs
        .filter(({ isTyped }) => isTyped)
        .map(({ file }) => [
          file,
          ts
            .getPreEmitDiagnostics(program, program.getSourceFile(file))
            .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " ")),
        ]),
    );
  }, 120_000);

  it.each(programs)("$name", async ({ file, code, isTyped, prints }) => {
    if (isTyped) expect(problems.get(file)).toEqual([]);
    if (!(prints instanceof RegExp)) return;
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
    const script = file.replace(/\.ts$/, ".mjs");
    writeFileSync(script, ts.transpileModule(code, { compilerOptions: options }).outputText);
    const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: folder });
    expect(stdout.trim()).toMatch(prints);
  });
});
