// Rules that hold for the files of the whole repository. Usage: node tooling/checkFiles.mjs
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, posix } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { readJson, repositoryFiles, root } from "./repository.mjs";

const maxLines = 400;

/**
 * A repository as the rules see it.
 * @typedef {object} Repository
 * @property {string} root
 * @property {string[]} files
 * @property {(file: string) => string} read
 */

/** @typedef {{ name: string, problems: (repository: Repository) => string[] }} Rule */

const isSource = (/** @type {string} */ file) => /^(packages|apps)\/[^/]+\/src\/.+\.(ts|js|mjs)$/.test(file);
const isCode = (/** @type {string} */ file) => /\.(ts|mts|cts|tsx|js|mjs|cjs)$/.test(file);
const packageOf = (/** @type {string} */ file) => file.split("/").slice(0, 2).join("/");
const lineAt = (/** @type {string} */ text, /** @type {number} */ index) => text.slice(0, index).split("\n").length;

/** @type {Rule} */
const shortFiles = {
  name: `no source file has more than ${maxLines} lines (generated ones, marked @generated, may)`,
  problems: ({ files, read }) =>
    files.filter(isSource).flatMap((file) => {
      const text = read(file);
      const lines = text.replace(/\n$/, "").split("\n").length;
      return lines > maxLines && !text.slice(0, 2000).includes("@generated") ? [`${file}: ${lines} lines`] : [];
    }),
};

const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)["']([^"'\n]+)["']/g;

/** @type {Rule} */
const ownSourcesOnly = {
  name: "no package imports another package's src",
  problems: ({ files, read }) =>
    files
      .filter((file) => /^(packages|apps)\//.test(file) && isCode(file))
      .flatMap((file) => {
        const text = read(file);
        return [...text.matchAll(importPattern)].flatMap((match) => {
          const specifier = match[1] ?? "";
          const target = posix.join(posix.dirname(file), specifier);
          const intoPackage = /^@losses\/[^/]+\/(src|dist)(\/|$)/.test(specifier);
          const leavesPackage =
            specifier.startsWith(".") && /^(packages|apps)\//.test(target) && packageOf(target) !== packageOf(file);
          return intoPackage || leavesPackage ? [`${file}:${lineAt(text, match.index)}: ${specifier}`] : [];
        });
      }),
};

/** @type {Rule} */
const lockWithoutAddresses = {
  name: "no lock file names a download address",
  problems: ({ files, read }) =>
    files.includes("pnpm-lock.yaml")
      ? files
          .filter((file) => /(^|\/)pnpm-lock\.yaml$/.test(file))
          .flatMap((file) =>
            read(file)
              .split("\n")
              .flatMap((line, i) => (/https?:|\btarball:/.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
          )
      : ["pnpm-lock.yaml is missing"],
};

const homePath = /(?<![\w.~/-])(?:file:\/\/)?(?:\/home\/|\/Users\/|\/root\/|[A-Z]:\\Users\\)[\w.-]+/;

/** @type {Rule} */
const noMachinePaths = {
  name: "no file names a path of one machine",
  problems: ({ root: folder, files, read }) => {
    const local = [folder, homedir()].filter((path) => path.split(/[\\/]/).length > 2);
    return files
      .filter((file) => isCode(file) || /(\.(json|ya?ml|md|py|txt|sh|html|vue|css)|\/run|^\.[a-z]+)$/.test(file))
      .filter((file) => !/(^|\/)fixtures\/|\.test\.(ts|mjs)$/.test(file))
      .flatMap((file) =>
        read(file)
          .split("\n")
          .flatMap((line, i) =>
            homePath.test(line) || local.some((path) => line.includes(path))
              ? [`${file}:${i + 1}: ${line.trim()}`]
              : [],
          ),
      );
  },
};

/** @type {Rule} */
const onePnpm = {
  name: "package.json names one version of pnpm",
  problems: ({ root: folder }) => {
    const { packageManager, devDependencies } = readJson(join(folder, "package.json"));
    return packageManager === `pnpm@${devDependencies.pnpm}`
      ? []
      : [`packageManager is ${packageManager}, devDependencies.pnpm is ${devDependencies.pnpm}`];
  },
};

export const rules = [shortFiles, ownSourcesOnly, lockWithoutAddresses, noMachinePaths, onePnpm];

/**
 * @param {string} [folder]
 * @returns {Repository}
 */
export function openRepository(folder = root) {
  return { root: folder, files: repositoryFiles(folder), read: (file) => readFileSync(join(folder, file), "utf8") };
}

/**
 * Checks every rule and prints what it found.
 * @param {Repository} repository
 * @returns {boolean} whether all rules hold
 */
export function checkFiles(repository) {
  let ok = true;
  for (const { name, problems } of rules) {
    const found = problems(repository);
    console.log(`${found.length === 0 ? "ok    " : "BROKEN"} ${name}`);
    for (const problem of found) console.log(`         ${problem}`);
    ok &&= found.length === 0;
  }
  return ok;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = checkFiles(openRepository()) ? 0 : 1;
}
