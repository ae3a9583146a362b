// Packs the packages, and installs them in an empty folder as a stranger would: by npm, from tarballs, without install scripts.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPnpm } from "./install.mjs";
import { readJson, root, workspaceFolders } from "./repository.mjs";
import { run } from "./runProgram.mjs";

/** Package name → `file:` and the path of its tarball. @typedef {Readonly<Record<string, string>>} Tarballs */

/** The folders of the packages that are published, relative to the root. */
export function publishedFolders() {
  return workspaceFolders().filter((name) => readJson(join(root, name, "package.json")).private !== true);
}

/**
 * @param {string} into a folder that does not exist yet
 * @returns {Tarballs}
 */
export function packAll(into) {
  const { command, args } = findPnpm();
  mkdirSync(into, { recursive: true });
  /** @type {Record<string, string>} */
  const packed = {};
  for (const place of publishedFolders()) {
    run(command, [...args, "pack", "--pack-destination", into], { cwd: join(root, place) });
    const { name, version } = readJson(join(root, place, "package.json"));
    const file = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
    if (!readdirSync(into).includes(file)) throw new Error(`pack: ${file} was not written`);
    packed[name] = `file:${join(into, file)}`;
  }
  return packed;
}

/**
 * Makes a folder with these packages installed: ours from the tarballs, all others by name from the registry.
 * @param {string} folder
 * @param {Tarballs} tarballs
 * @param {{ ours: readonly string[], others?: Readonly<Record<string, string>> | undefined, manifest?: object, omitOptional?: boolean }} wanted
 *   `manifest`: further fields of its package.json
 */
export function installApp(folder, tarballs, { ours, others = {}, manifest = {}, omitOptional = true }) {
  mkdirSync(folder, { recursive: true });
  const own = ours.map((name) => {
    const tarball = tarballs[name];
    if (tarball === undefined) throw new Error(`install: ${name} must have been packed`);
    return [name, tarball];
  });
  const content = {
    private: true,
    type: "module",
    ...manifest,
    dependencies: { ...Object.fromEntries(own), ...others },
    // Ranges between our packages must lead to the tarballs too: these versions are not published yet.
    overrides: tarballs,
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(content, undefined, 2)}\n`);
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  run("npm", ["install", ...quiet, ...(omitOptional ? ["--omit=optional"] : [])], { cwd: folder });
}

/**
 * @param {string} tarball
 * @returns {string[]} the files in it
 */
export function tarballFiles(tarball) {
  const listed = run("tar", ["-tzf", tarball], { cwd: root });
  return listed
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^package\//, ""));
}
