// Through a registry on loopback, as users get the packages: publish, install by name, upgrade, refuse.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findPnpm } from "../../install.mjs";
import { publishedFolders } from "../../packs.mjs";
import { readJson, root } from "../../repository.mjs";
import { run } from "../../runProgram.mjs";
import { startRegistry } from "../registry.mjs";

const folder = mkdtempSync(join(tmpdir(), "losses-registry-"));
const copy = join(folder, "repository");
const names = publishedFolders().map((place) => ({ place, name: readJson(join(root, place, "package.json")).name }));

/** @type {Awaited<ReturnType<typeof startRegistry>>} */
let registry;
beforeAll(async () => {
  registry = await startRegistry(join(folder, "registry"));
  copyRepository();
});
afterAll(() => {
  registry?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What changesets and pnpm read of the repository, with what was built: versions can be changed in it. */
function copyRepository() {
  for (const file of ["package.json", "pnpm-workspace.yaml", "LICENSE", ".changeset"])
    cpSync(join(root, file), join(copy, file), { recursive: true });
  for (const { place } of names) {
    const leaveOut = /[\\/](node_modules|src|test|browser|generate|\.turbo|\.reports)$/;
    cpSync(join(root, place), join(copy, place), { recursive: true, filter: (source) => !leaveOut.test(source) });
    // pnpm looks up the versions of the workspace among what is installed.
    mkdirSync(join(copy, place, "node_modules", "@losses"), { recursive: true });
    for (const other of names)
      symlinkSync(join(copy, other.place), join(copy, place, "node_modules", other.name), "junction");
  }
  // The changelog that names pull requests asks GitHub for them.
  const config = join(copy, ".changeset", "config.json");
  writeFileSync(
    config,
    JSON.stringify({ ...readJson(config), changelog: join(root, "node_modules", "@changesets", "cli", "changelog") }),
  );
  git("init", "--quiet", "--initial-branch=main");
  commit();
}

/** @param {...string} args */
function git(...args) {
  return run(
    "git",
    ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false", ...args],
    { cwd: copy },
  );
}

function commit() {
  git("add", "--all", "--force", ".changeset", "package.json", "packages/*/package.json");
  git("commit", "--quiet", "--allow-empty", "--message", "state");
}

/** Turns the collected changesets into versions, and returns what changed. */
function version() {
  const before = versions();
  run(process.execPath, [join(root, "node_modules", "@changesets", "cli", "bin.js"), "version"], { cwd: copy });
  commit();
  const after = versions();
  return Object.fromEntries(Object.entries(after).filter(([name, now]) => before[name] !== now));
}

/** @returns {Record<string, string>} */
function versions() {
  return Object.fromEntries(
    names.map(({ place, name }) => [name, readJson(join(copy, place, "package.json")).version]),
  );
}

/** @param {Record<string, string>} changes package → kind */
function addChangeset(changes) {
  const lines = Object.entries(changes).map(([name, kind]) => `"${name}": ${kind}`);
  writeFileSync(join(copy, ".changeset", "a-change.md"), `---\n${lines.join("\n")}\n---\n\nA change.\n`);
}

/** @param {readonly string[]} which */
function publish(which) {
  const { command, args } = findPnpm();
  for (const { place, name } of names.filter((one) => which.includes(one.name))) {
    const tarballs = join(folder, "tarballs", `${name}-${versions()[name]}`);
    mkdirSync(tarballs, { recursive: true });
    run(command, [...args, "pack", "--pack-destination", tarballs], { cwd: join(copy, place) });
    const [file = ""] = readdirSync(tarballs);
    npm(folder, "publish", join(tarballs, file), "--no-provenance", "--access", "public");
  }
}

/**
 * @param {string} cwd
 * @param {...string} args
 */
function npm(cwd, ...args) {
  const [command = "", ...rest] = args;
  const where = ["--userconfig", registry.npmrc, "--registry", registry.url, "--cache", join(folder, "cache")];
  return run("npm", [command, ...where, ...rest], { cwd });
}

/** @param {string} name */
function emptyProject(name) {
  const project = join(folder, name);
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
  return project;
}

/**
 * @param {string} project
 * @param {string} name
 */
function installed(project, name) {
  return readJson(join(project, "node_modules", name, "package.json")).version;
}

const program = `import { crossEntropy } from "@losses/core";
import { createBackend } from "@losses/js";
const loss = await (await createBackend()).compile(crossEntropy());
const { value } = await loss.valueAndGrad({ input: [[2, 1, 0], [0, 3, 1]], target: Int32Array.of(0, 1) });
console.log(value.data[0].toFixed(6));
`;

it("every package is published with the version of its changeset", () => {
  const made = version();
  expect(new Set(Object.keys(made))).toEqual(new Set(names.map(({ name }) => name)));
  publish(Object.keys(made));
  for (const [name, now] of Object.entries(made)) expect(npm(folder, "view", name, "version").trim()).toBe(now);
});

it.each(names)("$name installs by its name in an empty project, and loads", ({ name }) => {
  const project = emptyProject(`install-${name.replace("@losses/", "")}`);
  npm(project, "install", name, "--omit=optional");
  writeFileSync(join(project, "load.mjs"), `console.log(Object.keys(await import("${name}")).length > 0);`);
  expect(run(process.execPath, ["load.mjs"], { cwd: project }).trim()).toBe("true");
  const workspaceRanges = JSON.stringify(readJson(join(project, "node_modules", name, "package.json"))).includes(
    "workspace:",
  );
  expect(workspaceRanges).toBe(false);
});

it("core and js are three packages without an install script", () => {
  const project = emptyProject("small");
  const started = performance.now();
  npm(project, "install", "@losses/core", "@losses/js");
  console.log(`install of core and js: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const packages = readdirSync(join(project, "node_modules", "@losses"));
  expect(packages.sort()).toEqual(["core", "js", "wasm"]);
  expect(readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["@losses"]);
  writeFileSync(join(project, "main.mjs"), program);
  expect(run(process.execPath, ["main.mjs"], { cwd: project }).trim()).toBe("0.288726");
});

it("a stranger runs the command with npx", () => {
  const project = emptyProject("npx");
  expect(npm(project, "exec", "--yes", "--package", "@losses/cli", "--", "losses", "list")).toContain(
    "tripletMarginLoss",
  );
});

it("a change in one backend leaves the others and core alone, and upgrades alone", () => {
  addChangeset({ "@losses/js": "patch" });
  const made = version();
  expect(Object.keys(made)).toEqual(["@losses/js"]);
  publish(["@losses/js"]);
  const project = join(folder, "small");
  const core = installed(project, "@losses/core");
  npm(project, "install", "@losses/js@latest");
  expect([installed(project, "@losses/js"), installed(project, "@losses/core")]).toEqual([made["@losses/js"], core]);
  expect(run(process.execPath, ["main.mjs"], { cwd: project }).trim()).toBe("0.288726");
});

it("a new loss in core bumps core alone, and the backends that are installed take it", () => {
  addChangeset({ "@losses/core": "minor" });
  const made = version();
  expect(Object.keys(made)).toEqual(["@losses/core"]);
  publish(["@losses/core"]);
  const project = join(folder, "small");
  const js = installed(project, "@losses/js");
  npm(project, "install", "@losses/core@latest");
  expect([installed(project, "@losses/core"), installed(project, "@losses/js")]).toEqual([made["@losses/core"], js]);
});

it("a change of core's contract bumps what depends on it, and an incompatible core is refused", () => {
  addChangeset({ "@losses/core": "major" });
  const made = version();
  expect(new Set(Object.keys(made))).toEqual(new Set(names.map(({ name }) => name)));
  publish(["@losses/core"]);
  const [core, js] = [made["@losses/core"], made["@losses/js"]];
  // The new core beside the old backend: into an empty project npm refuses it, where they are already it warns, or refuses if told to.
  expect(() => npm(emptyProject("refused"), "install", `@losses/core@${core}`, "@losses/js@latest")).toThrow(
    /ERESOLVE/,
  );
  const project = join(folder, "small");
  expect(() => npm(project, "install", "--strict-peer-deps", `@losses/core@${core}`)).toThrow(/ERESOLVE/);
  publish(["@losses/wasm", "@losses/js"]);
  npm(project, "install", `@losses/core@${core}`, `@losses/js@${js}`);
  expect(run(process.execPath, ["main.mjs"], { cwd: project }).trim()).toBe("0.288726");
  expect(existsSync(join(project, "node_modules", "@losses", "js", "node_modules"))).toBe(false);
});
