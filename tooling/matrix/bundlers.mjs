// Each bundler as its users start it, with as little configuration as it allows: entry in, folder with an index.html out.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { run } from "../runProgram.mjs";
import { here, load, toolProgram } from "./tools.mjs";

/** @typedef {{ app: string, entry: string, out: string }} Job the folder with node_modules, a file in it, and where to write */
/** @typedef {(job: Job) => Promise<void> | void} Bundle */

/**
 * @param {Job} job
 * @param {string} script
 */
function writePage({ out }, script) {
  writeFileSync(join(out, "index.html"), page(script));
}

/** @param {string} script */
function page(script) {
  return `<!doctype html>\n<meta charset="utf-8" />\n<script type="module" src="./${script}"></script>\n`;
}

/**
 * @param {object} configuration
 * @returns {Promise<void>}
 */
async function webpack(configuration) {
  const { default: compile } = await load("webpack");
  return new Promise((resolve, reject) => {
    compile(
      configuration,
      (
        /** @type {Error | null} */ error,
        /** @type {{ hasErrors(): boolean, toString(options: object): string }} */ stats,
      ) => {
        if (error !== null) reject(error);
        else if (stats.hasErrors()) reject(new Error(stats.toString({ all: false, errors: true })));
        else resolve();
      },
    );
  });
}

/**
 * @param {object} input
 * @param {object} output
 */
async function rolldown(input, output) {
  const bundle = await (await load("rolldown")).rolldown({ logLevel: "silent", ...input });
  await bundle.write({ minify: true, ...output });
  await bundle.close();
}

/** For browsers. @type {Readonly<Record<string, Bundle>>} */
export const browserBundlers = {
  async esbuild(job) {
    const { build } = await load("esbuild");
    await build({
      absWorkingDir: job.app,
      entryPoints: [job.entry],
      outfile: join(job.out, "main.js"),
      bundle: true,
      format: "esm",
      minify: true,
      logLevel: "error",
    });
    writePage(job, "main.js");
  },
  async webpack(job) {
    await webpack({
      mode: "production",
      context: job.app,
      entry: `./${job.entry}`,
      output: { path: job.out, filename: "main.mjs", module: true },
      experiments: { outputModule: true },
    });
    writePage(job, "main.mjs");
  },
  async vite({ app, entry, out }) {
    const { build } = await load("vite");
    writeFileSync(join(app, "index.html"), page(entry));
    await build({
      root: app,
      base: "./",
      configFile: false,
      logLevel: "error",
      build: { outDir: out, target: "esnext" },
    });
  },
  async rolldown(job) {
    await rolldown(
      { cwd: job.app, input: job.entry, platform: "browser" },
      { dir: job.out, entryFileNames: "main.js" },
    );
    writePage(job, "main.js");
  },
  parcel({ app, entry, out }) {
    writeFileSync(join(app, "index.html"), page(entry));
    const cache = join(app, ".parcel-cache");
    const flags = [
      "--no-autoinstall",
      "--no-source-maps",
      "--public-url",
      "./",
      "--dist-dir",
      out,
      "--cache-dir",
      cache,
    ];
    run(process.execPath, [join(here, "node_modules", "parcel", "lib", "bin.js"), "build", "index.html", ...flags], {
      cwd: app,
    });
    rmSync(cache, { recursive: true, force: true });
  },
  bun(job) {
    const flags = ["--target", "browser", "--minify", "--outdir", job.out, "--entry-naming", "main.js"];
    run(toolProgram("bun"), ["build", job.entry, ...flags], { cwd: job.app });
    writePage(job, "main.js");
  },
};

/** For Node.js, everything in one file but the native engine. @type {Readonly<Record<string, Bundle>>} */
export const nodeBundlers = {
  async "esbuild esm"(job) {
    await esbuildForNode(job, "esm");
  },
  async "esbuild cjs"(job) {
    await esbuildForNode(job, "cjs");
  },
  async webpack({ app, entry, out }) {
    await webpack({
      mode: "production",
      target: "node20",
      context: app,
      entry: `./${entry}`,
      output: { path: out, filename: "main.cjs" },
      optimization: { splitChunks: false },
    });
  },
  async vite({ app, entry, out }) {
    const { build } = await load("vite");
    await build({
      root: app,
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: true },
      build: { ssr: entry, outDir: out, minify: true, rolldownOptions: { output: { entryFileNames: "main.mjs" } } },
    });
  },
  async rolldown({ app, entry, out }) {
    await rolldown({ cwd: app, input: entry, platform: "node" }, { dir: out, entryFileNames: "main.mjs" });
  },
  bun({ app, entry, out }) {
    const flags = ["--target", "node", "--minify", "--outdir", out, "--entry-naming", "main.mjs"];
    run(toolProgram("bun"), ["build", entry, ...flags], { cwd: app });
  },
};

/**
 * @param {Job} job
 * @param {"esm" | "cjs"} format
 */
async function esbuildForNode({ app, entry, out }, format) {
  const { build } = await load("esbuild");
  await build({
    absWorkingDir: app,
    entryPoints: [entry],
    outfile: join(out, format === "esm" ? "main.mjs" : "main.cjs"),
    bundle: true,
    platform: "node",
    format,
    minify: true,
    keepNames: true, // adds calls of its own to every function
    logLevel: "error",
  });
}
