import { cpSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { planExplorer } from "../explorer/plan.js";
import { reproduceProgram } from "../explorer/reproduce.js";
import { allLossDocs } from "../losses/lossPages.js";
import { appFolder, publicFolder, write } from "./paths.js";

const require = createRequire(import.meta.url);
const folder = join(publicFolder, "playground");

/** Writes what the playground fetches: the runtime around a program, the language service, engines' files, examples. */
export async function writePlayground(): Promise<void> {
  await build({
    entryPoints: {
      runtime: join(appFolder, "dist/playground/runtime.js"),
      types: join(appFolder, "dist/playground/typeWorker.js"),
    },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    outdir: folder,
    // Engines that our packages import when asked are installed for this app.
    nodePaths: [join(appFolder, "node_modules")],
    chunkNames: "chunks/[name]-[hash]",
    // What only Node.js runs is never reached in a browser.
    external: [
      "node:*",
      "fs",
      "path",
      "os",
      "inspector",
      "perf_hooks",
      "source-map-support",
      "crypto",
      "util",
      "worker_threads",
      "onnxruntime-node",
      "@tensorflow/tfjs-node",
      "@tensorflow/tfjs-layers",
    ],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  copyEngines();
  write(folder, "declarations.json", JSON.stringify(declarations()));
  const examples = allLossDocs.map((loss) => {
    const plan = planExplorer(loss);
    return [loss.name, reproduceProgram(plan.loss, plan.inputs)] as const;
  });
  write(folder, "examples.json", JSON.stringify(Object.fromEntries(examples)));
}

function copyEngines(): void {
  const tfjs = dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
  for (const file of readdirSync(join(tfjs, "dist"))) {
    if (file.endsWith(".wasm")) cpSync(join(tfjs, "dist", file), join(folder, "tfjs", file));
  }
  const ort = dirname(require.resolve("onnxruntime-web"));
  for (const name of ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"]) {
    for (const ending of ["mjs", "wasm"])
      cpSync(join(ort, `${name}.${ending}`), join(folder, "ort", `${name}.${ending}`));
  }
}

/** The declarations that the language service reads: of the language, and of @losses/core. */
function declarations(): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  const lib = dirname(require.resolve("typescript"));
  const add = (name: string): void => {
    const path = `/lib/${name}`;
    if (files[path] !== undefined) return;
    const text = readFileSync(join(lib, name), "utf8");
    files[path] = text;
    for (const [, reference = ""] of text.matchAll(/\/\/\/ <reference lib="([\w.]+)"/g)) add(`lib.${reference}.d.ts`);
  };
  add("lib.es2022.d.ts");
  const core = join(appFolder, "../../packages/core/dist");
  for (const file of readdirSync(core, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".d.ts"))
      files[`/node_modules/@losses/core/dist/${file}`] = readFileSync(join(core, file), "utf8").replace(
        /\n\/\/# sourceMappingURL.*$/m,
        "",
      );
  }
  files["/node_modules/@losses/core/package.json"] = JSON.stringify({
    name: "@losses/core",
    type: "module",
    types: "./dist/index.d.ts",
    exports: { ".": { types: "./dist/index.d.ts" } },
  });
  return files;
}
