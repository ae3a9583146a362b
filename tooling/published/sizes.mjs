// What a user's bundle grows by: minified by esbuild, compressed by gzip, engines of others left out, and what is loaded only when it is
// asked for.
// Usage: node tooling/published/sizes.mjs
import { join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "../repository.mjs";

/**
 * One thing that somebody bundles. `limit` holds; where it is above `goal` the difference is a debt, and the limit goes down with it.
 * @typedef {{ name: string, code: string, limit: number, goal?: number, from?: string }} Budget in kilobytes of 1000 bytes
 */

const loss = 'import { tripletMarginLoss } from "@losses/core";\n';
const use = "createBackend().then((backend) => backend.compile(tripletMarginLoss())).then(console.log);\n";

/** @param {string} name */
function all(name) {
  return `export * from "${name}";\n`;
}

// What the goals are short of is no ballast of one kind. In a bundle with js/scalar it is a compiler that differentiates and fuses whatever
// a loss is written in: of 162 kB before compression 39 are the engine, 39 graphs with their derivatives and rewriting (4.1 kB of the
// compressed 54), 28 declarations and their checks, 22 feeds and calls, 21 the ops (2.2 compressed are their meanings on numbers), 8 symbolic
// sizes. In one with the compiled engine 4 kB compressed compute large products in strips, 2 are the formulas of functions, 1.4 do stages in
// shares for several threads, whose own 2.4 are loaded when they are asked for. Tensors have methods and graphs name ops, so no bundler sees
// which ops one loss leaves out.

/** @type {readonly Budget[]} */
export const budgets = [
  { name: "one loss", code: 'export { tripletMarginLoss } from "@losses/core";\n', limit: 9.5 },
  {
    name: "one loss + js/scalar",
    code: `${loss}import { createBackend } from "@losses/js/scalar";\n${use}`,
    limit: 55.5,
    goal: 20,
  },
  { name: "one loss + js", code: `${loss}import { createBackend } from "@losses/js";\n${use}`, limit: 82.5, goal: 30 },
  { name: "one loss + tfjs", code: `${loss}import { createBackend } from "@losses/tfjs";\n${use}`, limit: 80 },
  {
    name: "one loss + onnxruntime",
    code: `${loss}import { createBackend } from "@losses/onnxruntime";\n${use}`,
    limit: 88,
  },
  {
    name: "one loss as an ONNX file",
    code: `${loss}import { exportLoss } from "@losses/onnx";\nconsole.log(exportLoss(tripletMarginLoss()));\n`,
    limit: 75.5,
  },
  { name: "@losses/core, all of it", code: all("@losses/core"), limit: 77.5 },
  { name: "@losses/js, all of it", code: all("@losses/js"), limit: 80.5 },
  { name: "@losses/wasm, all of it", code: all("@losses/wasm"), limit: 38, from: "js" },
  { name: "@losses/tfjs, all of it", code: all("@losses/tfjs"), limit: 80.5 },
  { name: "@losses/onnx, all of it", code: all("@losses/onnx"), limit: 76.5 },
  { name: "@losses/onnxruntime, all of it", code: all("@losses/onnxruntime"), limit: 87 },
];

/**
 * @param {string} code
 * @param {string} [from] the package whose dependencies it may import; the command's has all but one of ours
 * @returns {Promise<{ kilobytes: number, inputs: readonly string[], imports: readonly string[] }>} the files it is made of, and what it and the rest import
 */
export async function measure(code, from = "cli") {
  const bundle = await build({
    stdin: { contents: code, resolveDir: join(root, "packages", from) },
    bundle: true,
    splitting: true,
    outdir: root,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    external: ["@tensorflow/*", "onnxruntime-*"],
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const { outputs } = bundle.metafile;
  const contents = new Map(bundle.outputFiles.map((file) => [resolve(file.path), file.contents]));
  const entry = Object.keys(outputs).find((name) => outputs[name]?.entryPoint !== undefined);
  if (entry === undefined) throw new Error("sizes: esbuild must write a file");
  const atOnce = new Set([entry]);
  for (const name of atOnce) {
    for (const { path, kind, external } of outputs[name]?.imports ?? []) {
      if (external !== true && kind !== "dynamic-import") atOnce.add(path);
    }
  }
  const bytes = [...atOnce].map((name) => gzipSync(contents.get(resolve(name)) ?? "", { level: 9 }).length);
  const inputs = [...atOnce].flatMap((name) => Object.entries(outputs[name]?.inputs ?? {}));
  return {
    kilobytes: bytes.reduce((sum, own) => sum + own, 0) / 1000,
    inputs: inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([name]) => name),
    imports: Object.values(outputs).flatMap((output) =>
      output.imports.filter(({ external }) => external === true).map(({ path }) => path),
    ),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const { name, code, limit, goal, from } of budgets) {
    const { kilobytes } = await measure(code, from);
    console.log(
      `${name.padEnd(34)} ${kilobytes.toFixed(1).padStart(6)} kB of ${limit}${goal === undefined ? "" : `, goal ${goal}`}`,
    );
  }
}
