// Installs the packed packages in an empty folder, as a new user would, and runs the README's first example and command.
// Usage: node tooling/packed.mjs
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { findPnpm } from "./install.mjs";
import { readJson, root, workspaceFolders } from "./repository.mjs";

const folder = mkdtempSync(join(tmpdir(), "losses-packed-"));
const shell = process.platform === "win32";

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, input?: string }} options
 * @returns {string} what it printed
 */
function run(command, args, options) {
  const result = spawnSync(command, args, { encoding: "utf8", shell, maxBuffer: 64 * 1024 * 1024, ...options });
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${result.status}:\n${result.stdout}\n${result.stderr}`);
  }
  return result.stdout;
}

/** @returns {Record<string, string>} package name → address of its tarball */
function packAll() {
  const { command, args } = findPnpm();
  const tarballs = join(folder, "tarballs");
  mkdirSync(tarballs);
  /** @type {Record<string, string>} */
  const packed = {};
  for (const place of workspaceFolders().filter((name) => name.startsWith("packages/"))) {
    run(command, [...args, "pack", "--pack-destination", tarballs], { cwd: join(root, place) });
    const { name, version } = readJson(join(root, place, "package.json"));
    const file = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
    if (!readdirSync(tarballs).includes(file)) throw new Error(`pack: ${file} was not written`);
    packed[name] = `file:${join(tarballs, file)}`;
  }
  return packed;
}

/** @param {Record<string, string>} packed */
function installAll(packed) {
  const app = join(folder, "app");
  mkdirSync(app);
  // Ranges between our packages must lead to the tarballs too: these versions are not published yet.
  const manifest = { name: "app", private: true, type: "module", dependencies: packed, overrides: packed };
  writeFileSync(join(app, "package.json"), JSON.stringify(manifest, undefined, 2));
  run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional"], { cwd: app });
  return app;
}

/** The first code block of the README, as a program. */
function firstExample() {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  if (code === undefined) throw new Error("README.md: there must be a ts code block, got none");
  return code;
}

/**
 * @param {boolean} holds
 * @param {string} what
 */
function demand(holds, what) {
  if (!holds) throw new Error(`packed: ${what}`);
  console.log(`✓ ${what}`);
}

try {
  const app = installAll(packAll());
  writeFileSync(join(app, "example.mjs"), firstExample());
  const printed = run(process.execPath, ["example.mjs"], { cwd: app });
  demand(/^0\.\d+ Float32Array/.test(printed), `the README's example prints a value and a gradient: ${printed.trim()}`);
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
  const doctor = JSON.parse(run(bin, ["doctor", "--json"], { cwd: app }));
  demand(
    JSON.stringify(doctor).includes("npm install onnxruntime-node"),
    "losses doctor names the cure for a missing engine",
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
