// The programs of this folder's own dependencies.
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const here = fileURLToPath(new URL(".", import.meta.url));

/**
 * A package of this folder, by a name that a type checker does not follow: only the matrix has them installed.
 * @param {string} name
 * @returns {Promise<any>}
 */
export function load(name) {
  return import(name);
}

/**
 * @param {string} name of a command that one of the packages brings
 * @returns {string} the path of its program
 */
export function toolProgram(name) {
  // Bun's own, called so on every system, because the launcher sets NODE_PATH, and Bun takes what is missing from there.
  const own = join(here, "node_modules", name, "bin", `${name}.exe`);
  if (existsSync(own)) return own;
  return join(here, "node_modules", ".bin", process.platform === "win32" ? `${name}.CMD` : name);
}

/** The versions of Node.js that are supported. */
export const nodeMajors = ["20", "22", "24", "26"];

/**
 * @param {string} major
 * @returns {string | undefined} the program of that Node.js: the one that runs, or a package of this folder where it has one for
 *   this machine
 */
export function nodeProgram(major) {
  if (process.versions.node.split(".")[0] === major) return process.execPath;
  const program = join(here, "node_modules", `node${major}`, "bin", "node");
  return existsSync(program) ? program : undefined;
}
