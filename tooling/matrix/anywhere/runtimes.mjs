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
/** @typedef {{ app: string, every: number }} Job the folder with everything installed; one case of how many */
/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {readonly string[]} backends that are tried in it
 * @property {readonly string[]} lacks of these, the ones that cannot work, and must say so
 * @property {() => string | undefined} version undefined where it is not installed
 * @property {(job: Job) => Promise<Outcome[]> | Outcome[]} run
 */

const js = ["js", "js:wasm", "js:scalar"];
const hosted = [...js, "tfjs:cpu", "tfjs:wasm", "onnxruntime:cpu"];

/**
 * @param {string} program
 * @param {readonly string[]} flags
 * @param {Job} job
 * @param {readonly string[]} backends
 * @returns {Outcome[]}
 */
function runHosted(program, flags, { app, every }, backends) {
  const printed = run(program, [...flags, "hosted.mjs", String(every), ...backends], { cwd: app, timeout: 3_600_000 });
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
async function bundle({ app, every }, entry, out, backends) {
  const { build } = await load("esbuild");
  const conformance = join(app, "node_modules", "@losses", "conformance");
  const folder = join(conformance, "fixtures");
  const files = readdirSync(folder).filter((file) => /\.jsonl?$/.test(file));
  const contents = `
export const fixtureFiles = ${JSON.stringify(Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")])))};
export const knownFailures = ${readFileSync(join(conformance, "known-failures.json"), "utf8")};
export const settings = ${JSON.stringify({ backends, every })};
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
 * @param {{ headers?: Readonly<Record<string, string>>, backends?: readonly string[], lacks?: readonly string[] }} [options]
 * @returns {Runtime}
 */
function page(name, browser, { headers = {}, backends = [...js, "tfjs:cpu", "tfjs:wasm"], lacks = [] } = {}) {
  return {
    name,
    backends,
    lacks,
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
      const engine = join(job.app, "node_modules", "@tensorflow", "tfjs-backend-wasm", "dist");
      for (const file of readdirSync(engine).filter((one) => one.endsWith(".wasm")))
        cpSync(join(engine, file), join(folder, file));
      const { page: result } = await runPages(browser, { page: { folder, headers } }, { seconds: 3600 });
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
    backends: [...js, "tfjs:cpu", "tfjs:wasm"],
    lacks: [],
    version: () => run(toolProgram("bun"), ["--version"], { cwd: here }).trim(),
    run: (job) => runHosted(toolProgram("bun"), [], job, [...js, "tfjs:cpu", "tfjs:wasm"]),
  },
  {
    name: "Deno",
    backends: [...js, "tfjs:cpu", "tfjs:wasm"],
    lacks: [],
    version: () => (/deno ([\d.]+)/.exec(run(toolProgram("deno"), ["--version"], { cwd: here })) ?? [])[1],
    run: (job) =>
      runHosted(toolProgram("deno"), ["run", "--allow-all", "--no-lock", "--node-modules-dir=manual"], job, [
        ...js,
        "tfjs:cpu",
        "tfjs:wasm",
      ]),
  },
  workerd(),
  page("Chromium", "chromium"),
  page("Chromium without code made at run time", "chromium", {
    headers: { "content-security-policy": "script-src 'self'" },
    backends: js,
    lacks: ["js:wasm"],
  }),
  page("Firefox", "firefox", { backends: js }),
];
