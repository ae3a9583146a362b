// What `npm start`, `npm test`, `npm run docs` and their like do, in a fresh clone too: install, build, then the work itself.
// Usage: node tooling/run.mjs start [arguments of the demo...] | test | matrix | ci (both) | docs [port] | bootstrap
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import process from "node:process";
import { browserRequired, findChromium } from "./chromium.mjs";
import { checkFiles, openRepository } from "./checkFiles.mjs";
import { findPnpm, isInstalled, markInstalled } from "./install.mjs";
import { root } from "./repository.mjs";
import { clearReports, printTotals } from "./sumReports.mjs";

/** @typedef {{ name: string, needed?: boolean, work: () => Promise<boolean> | boolean }} Step */

const bin = join(root, "node_modules", ".bin");
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
// turbo starts pnpm by name: let it find ours. On Windows the variable may be spelt "Path".
const pathKey = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
/** @type {NodeJS.ProcessEnv} */
const childEnv = { ...env, [pathKey]: `${bin}${delimiter}${process.env[pathKey] ?? ""}` };

/**
 * @param {string} command
 * @param {string[]} args
 * @param {boolean} [shell]
 * @returns {Promise<boolean>} whether it ended well
 */
function runCommand(command, args, shell = false) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: childEnv, shell, stdio: "inherit" });
    child.on("error", (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(false);
    });
    child.on("close", (code) => resolve(code === 0));
  });
}

/** @param {...string} args */
function node(...args) {
  return runCommand(process.execPath, args);
}

/**
 * Programs of one thread each, at once; what one says is shown when it ends.
 * @param {Record<string, string[]>} programs arguments of Node.js, by what they check
 * @returns {Promise<boolean>} whether all ended well
 */
async function atOnce(programs) {
  const ends = Object.entries(programs).map(async ([name, args]) => {
    const child = spawn(process.execPath, args, { cwd: root, env: childEnv, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
    const ok = await new Promise((resolve) => {
      child.on("error", () => resolve(false)).on("close", (code) => resolve(code === 0));
    });
    console.log(`${name}: ${ok ? "done" : "FAILED"}\n${said}`);
    return ok;
  });
  return (await Promise.all(ends)).every(Boolean);
}

/** @param {...string} args */
function turbo(...args) {
  return node(join(root, "node_modules", "turbo", "bin", "turbo"), "run", ...args, "--concurrency=2");
}

/** @type {Step} */
const install = {
  name: "install",
  needed: true,
  async work() {
    if (isInstalled()) {
      console.log("node_modules is up to date.");
      return true;
    }
    const { command, args, shell } = findPnpm();
    const options = ["install", "--frozen-lockfile", "--config.confirm-modules-purge=false"];
    if (!(await runCommand(command, [...args, ...options], shell))) return false;
    markInstalled();
    return true;
  },
};

/** @type {Step} */
const build = { name: "build", needed: true, work: () => turbo("build", "--output-logs=new-only") };

/** The site takes longer to build than everything else, and only those who read or test it need it. */
/** @type {Step} */
const buildWithoutSite = {
  name: "build",
  needed: true,
  work: () => turbo("build", "--filter=!@losses/docs", "--output-logs=new-only"),
};

/** @type {Step[]} */
const checks = [
  { name: "repository files", work: () => checkFiles(openRepository()) },
  {
    name: "generated files, format, API reports, unused files, exports and dependencies",
    work: () =>
      atOnce({
        "generated files": ["tooling/generate.mjs", "--check"],
        format: [join(root, "node_modules", "prettier", "bin", "prettier.cjs"), "--check", "."],
        "API reports": ["tooling/api.mjs", "--check"],
        "unused files, exports and dependencies": [join(root, "node_modules", "knip", "bin", "knip.js")],
      }),
  },
  { name: "lint and types", work: () => turbo("lint", "typecheck", "--continue", "--output-logs=new-only") },
  { name: "test", work: runTests },
  { name: "browser tests", work: runBrowserTests },
  { name: "packages", work: () => turbo("publint", "attw", "--continue", "--output-logs=errors-only") },
  { name: "what is published", work: () => vitest("tooling", "--config", "published/vitest.config.ts") },
  { name: "packed packages in an empty folder", work: () => node("tooling/packed.mjs") },
];

/** What needs large downloads or much time: bundlers, runtimes, compilers, a registry. */
/** @type {Step[]} */
const matrix = [
  { name: "install the matrix", needed: true, work: installMatrix },
  { name: "matrix", work: () => vitest("tooling/matrix") },
];

function installMatrix() {
  const { command, args, shell } = findPnpm();
  return runCommand(
    command,
    [...args, "install", "--frozen-lockfile", "--dir", join(root, "tooling", "matrix")],
    shell,
  );
}

/**
 * @param {string} folder
 * @param {...string} args
 */
function vitest(folder, ...args) {
  const program = join(root, "node_modules", "vitest", "vitest.mjs");
  return node(program, "run", "--root", join(root, folder), ...args);
}

/** Browser tests need a Chromium; where none is required and none is there, that is said and they are left out. */
function runBrowserTests() {
  try {
    if (findChromium() !== undefined) return turbo("test:browser");
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return false;
  }
  console.log(
    "No Chromium was found, so no browser backend is tested. Name one with LOSSES_CHROMIUM=/path/to/chromium.",
  );
  return !browserRequired();
}

function runTests() {
  clearReports();
  return turbo("test", "--continue");
}

/**
 * Runs the steps in order. A failed step that others need ends the run; after any other the rest still runs.
 * @param {Step[]} steps
 * @returns {Promise<Step[]>} the failed ones
 */
async function runSteps(steps) {
  /** @type {Step[]} */
  const failed = [];
  for (const [i, step] of steps.entries()) {
    console.log(`\n── step ${i + 1}/${steps.length}: ${step.name} ──`);
    const started = performance.now();
    const ok = await step.work();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`── ${step.name}: ${ok ? "done" : "FAILED"} after ${seconds} s ──`);
    if (ok) continue;
    failed.push(step);
    if (step.needed) break;
  }
  return failed;
}

/** @param {Step[]} failed */
function report(failed) {
  if (failed.length > 0) console.error(`\nFailed: ${failed.map(({ name }) => name).join(", ")}.`);
  return failed.length === 0;
}

/** @param {Step[]} steps */
async function test(steps) {
  const failed = await runSteps([install, build, ...steps]);
  const ok = report(failed);
  if (failed.some(({ needed }) => needed)) return false;
  console.log("\nTests:");
  return printTotals(failed.map(({ name }) => name)) && ok;
}

/** @type {Record<string, (args: string[]) => Promise<boolean>>} */
const commands = {
  start: async (args) =>
    report(
      await runSteps([
        install,
        buildWithoutSite,
        { name: "demo", work: () => node("apps/demo/dist/main.js", ...args) },
      ]),
    ),
  test: () => test(checks),
  ci: () => test([...checks, ...matrix]),
  matrix: () => test(matrix),
  docs: async (args) =>
    report(
      await runSteps([
        install,
        { name: "build", needed: true, work: () => turbo("build", "--filter=@losses/docs", "--output-logs=new-only") },
        { name: "site", work: () => node("apps/docs/dist/server/main.js", ...args) },
      ]),
    ),
  bootstrap: async () => report(await runSteps([install, buildWithoutSite])),
};

const [name = "", ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(`Usage: node tooling/run.mjs ${Object.keys(commands).join(" | ")}`);
  process.exitCode = 2;
} else {
  process.exitCode = (await command(args)) ? 0 : 1;
}
