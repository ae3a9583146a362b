// The runtimes, and how each runs the suite.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../runProgram.mjs";
import { findBrowser, runPages } from "../pages.mjs";
import { endGroup, freePort, whenAnswers } from "../servers.mjs";
import { here, load, nodeMajors, nodeProgram, toolProgram } from "../tools.mjs";

/**
 * @typedef {object} Outcome of one backend in one runtime
 * @property {string} backend
 * @property {number} cases that were checked, over all dtypes; 0 where it does not work
 * @property {readonly string[]} dtypes
 * @property {readonly string[]} failures
 * @property {string} [reason] why it does not work
 * @property {string} [device] where it computed
 */
/** @typedef {{ app: string, atMost: number | undefined }} Job the folder with everything installed; how many cases of each loss */
/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {readonly string[]} backends that are tried in it
 * @property {readonly string[]} lacks of these, the ones that cannot work, and must say so
 * @property {number} [sample] so many cases of each loss at most, unless all are wanted: where a device is slow
 * @property {() => string | undefined} version undefined where it is not installed
 * @property {(job: Job) => Promise<Outcome[]> | Outcome[]} run
 */

/** In milliseconds: all cases in one runtime take an hour and more. */
const longest = 4 * 3_600_000;

const js = ["js", "js:wasm", "js:scalar"];
const hosted = [...js, "tfjs:cpu", "tfjs:wasm", "onnxruntime:cpu"];
const inPages = [...js, "tfjs:cpu", "tfjs:wasm", "onnxruntime-web:wasm"];
const onGraphics = ["tfjs:webgl", "tfjs:webgpu", "onnxruntime-web:webgpu"];

/** @type {readonly (readonly [string, RegExp])[]} */
const engineFiles = [
  ["@tensorflow/tfjs-backend-wasm", /\.wasm$/],
  ["onnxruntime-web", /^ort-wasm-simd-threaded\.(jsep|asyncify)\.(wasm|mjs)$/],
];

/**
 * @param {string} program
 * @param {readonly string[]} flags
 * @param {Job} job
 * @param {readonly string[]} backends
 * @returns {Outcome[]}
 */
function runHosted(program, flags, { app, atMost }, backends) {
  const settings = JSON.stringify({ backends, atMost });
  const printed = run(program, [...flags, "hosted.mjs", settings], { cwd: app, timeout: longest });
  const [, outcomes] = /^outcomes (.*)$/m.exec(printed) ?? [];
  if (outcomes === undefined) throw new Error(`${program} must print outcomes, got: ${printed}`);
  return JSON.parse(outcomes);
}

/**
 * @param {string} name
 * @param {string} major
 * @param {{ flags?: readonly string[], backends?: readonly string[], lacks?: readonly string[] }} [options]
 * @returns {Runtime}
 */
function node(name, major, { flags = [], backends = hosted, lacks = [] } = {}) {
  const program = nodeProgram(major);
  return {
    name,
    backends,
    lacks,
    version: () => program && run(program, ["--version"], { cwd: here }).trim().replace("v", ""),
    run: (job) => runHosted(program ?? "", flags, job, backends),
  };
}

/**
 * Bundles a program with the golden cases in it.
 * @param {Job} job
 * @param {string} entry
 * @param {string} out
 * @param {readonly string[]} backends
 */
async function bundle({ app, atMost }, entry, out, backends) {
  const { build } = await load("esbuild");
  const conformance = join(app, "node_modules", "@losses", "conformance");
  const folder = join(conformance, "fixtures");
  const files = readdirSync(folder).filter((file) => /\.jsonl?$/.test(file));
  const contents = `
export const fixtureFiles = ${JSON.stringify(Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")])))};
export const knownFailures = ${readFileSync(join(conformance, "known-failures.json"), "utf8")};
export const settings = ${JSON.stringify({ backends, atMost })};
`;
  await build({
    absWorkingDir: app,
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    // workerd gives modules no address.
    define: entry === "worker.mjs" ? { "import.meta.url": '"file:///worker.js"' } : {},
    external: ["node:*"],
    plugins: [
      {
        name: "bundled-data",
        setup(/** @type {any} */ { onResolve, onLoad }) {
          onResolve({ filter: /^bundled-data$/ }, () => ({ path: "bundled-data", namespace: "data" }));
          onLoad({ filter: /.*/, namespace: "data" }, () => ({ contents, loader: "js" }));
        },
      },
    ],
  });
}

/**
 * @param {string} name
 * @param {string} browser
 * @param {{ headers?: Readonly<Record<string, string>>, backends?: readonly string[], lacks?: readonly string[], sample?: number }} [options]
 * @returns {Runtime}
 */
function page(name, browser, { headers = {}, backends = inPages, lacks = [], sample = Infinity } = {}) {
  return {
    name,
    backends,
    lacks,
    sample,
    version: () => {
      const program = findBrowser(browser);
      return program && (/[\d.]+/.exec(run(program, ["--version"], { cwd: here })) ?? [""])[0];
    },
    async run(job) {
      const folder = join(job.app, "pages", name.replace(/\W+/g, "-"));
      mkdirSync(folder, { recursive: true });
      await bundle(job, "page.mjs", join(folder, "main.js"), backends);
      writeFileSync(
        join(folder, "index.html"),
        '<!doctype html>\n<meta charset="utf-8" />\n<script type="module" src="./main.js"></script>\n',
      );
      // Where the engines look for their files in a bundle.
      for (const [engine, names] of engineFiles) {
        const from = join(job.app, "node_modules", engine, "dist");
        for (const file of readdirSync(from).filter((one) => names.test(one)))
          cpSync(join(from, file), join(folder, file));
      }
      const { page: result } = await runPages(browser, { page: { folder, headers } }, { seconds: longest / 1000 });
      if (result?.value === undefined) throw new Error(`${name}: ${result?.error}`);
      return result.value;
    },
  };
}

/** @returns {Runtime} */
function workerd() {
  const program = toolProgram("workerd");
  return {
    name: "workerd",
    backends: js,
    lacks: ["js:wasm"], // it compiles no WebAssembly at run time
    version: () => run(program, ["--version"], { cwd: here }).trim().replace("workerd ", ""),
    async run(job) {
      const folder = join(job.app, "workerd");
      const port = await freePort();
      mkdirSync(folder, { recursive: true });
      await bundle(job, "worker.mjs", join(folder, "worker.js"), js);
      writeFileSync(
        join(folder, "config.capnp"),
        `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [(name = "worker", esModule = embed "worker.js")], compatibilityDate = "2026-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
      );
      // A group of its own: the program that npm installs starts another.
      const child = spawn(program, ["serve", "config.capnp"], {
        cwd: folder,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += part));
      try {
        await whenAnswers(`http://127.0.0.1:${port}/ping`, () => {
          if (child.exitCode !== null) throw new Error(`workerd must listen, it said: ${said}`);
        });
        const answer = /** @type {any} */ (await (await fetch(`http://127.0.0.1:${port}/`)).json());
        if (answer.value === undefined) throw new Error(`workerd: ${answer.error}`);
        return answer.value;
      } finally {
        endGroup(child.pid);
      }
    },
  };
}

/** @type {readonly Runtime[]} */
export const runtimes = [
  ...nodeMajors.map((major) => node(`Node.js ${major}`, major)),
  node("Node.js without WebAssembly", "24", { flags: ["--jitless"], backends: js, lacks: ["js:wasm"] }),
  node("Node.js without eval", "24", { flags: ["--disallow-code-generation-from-strings"], backends: js }),
  {
    name: "Bun",
    backends: hosted,
    lacks: [],
    version: () => run(toolProgram("bun"), ["--version"], { cwd: here }).trim(),
    run: (job) => runHosted(toolProgram("bun"), [], job, hosted),
  },
  {
    name: "Deno",
    backends: hosted,
    lacks: [],
    version: () => (/deno ([\d.]+)/.exec(run(toolProgram("deno"), ["--version"], { cwd: here })) ?? [])[1],
    run: (job) =>
      runHosted(toolProgram("deno"), ["run", "--allow-all", "--no-lock", "--node-modules-dir=manual"], job, hosted),
  },
  workerd(),
  page("Chromium", "chromium"),
  page("Chromium with WebGL and WebGPU", "chromium", { backends: onGraphics, sample: 1 }),
  page("Chromium without code made at run time", "chromium", {
    headers: { "content-security-policy": "script-src 'self'" },
    backends: js,
    lacks: ["js:wasm"],
  }),
  page("Firefox", "firefox", { backends: js }),
];
