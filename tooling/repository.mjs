// What the repository scripts know about the repository: where it is, its packages and its files.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

/**
 * The folders of the workspace, relative to `from`, with forward slashes.
 * @param {string} [from]
 * @returns {string[]}
 */
export function workspaceFolders(from = root) {
  const nested = ["packages", "apps"].flatMap((parent) =>
    existsSync(join(from, parent)) ? readdirSync(join(from, parent)).map((name) => `${parent}/${name}`) : [],
  );
  return [...nested, "tooling"].filter((folder) => existsSync(join(from, folder, "package.json"))).sort();
}

/**
 * Every file that git would commit, relative to `from`, with forward slashes; without git, all but build output.
 * @param {string} [from]
 * @returns {string[]}
 */
export function repositoryFiles(from = root) {
  try {
    const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
      cwd: from,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return listed
      .split("\0")
      .filter((file) => file !== "" && existsSync(join(from, file)))
      .sort();
  } catch {
    return [...walk(from)].map((file) => relative(from, file).split(sep).join("/")).sort();
  }
}

const notOurs = new Set([".git", "node_modules", "dist", "coverage", ".turbo", ".reports", ".venv", "__pycache__"]);

/**
 * @param {string} folder
 * @returns {Generator<string>}
 */
function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (notOurs.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

/**
 * @param {string} file
 * @returns {any}
 */
export function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
