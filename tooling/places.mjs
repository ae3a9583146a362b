// In how many places a loss, an op and a backend are named: the files that name each of them, whichever it is. `npm run gen` writes them
// into CONTRIBUTING.md, so that they are neither forgotten nor embellished. Usage: node tooling/places.mjs (prints them)
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { lossFiles } from "./lossFiles.mjs";
import { readJson, repositoryFiles, root } from "./repository.mjs";

/** What scripts write, and what they measured. */
const written =
  /(^|\/)(api|fixtures|data|generated)\/|^packages\/core\/src\/(losses\/(index|registry)|docs\/lossDocs)\.ts$|^CONTRIBUTING\.md$/;
const writtenPart = /<!-- losses -->[\s\S]*?<!-- end -->/;
const isText = /\.(ts|vue|mjs|js|json|py|md)$/;

/** @returns {{ file: string, words: Set<string> }[]} the files that people write, and the names in them: words, and ids of backends */
function readFiles() {
  return repositoryFiles()
    .filter((file) => isText.test(file) && !written.test(file))
    .map((file) => {
      const text = readFileSync(join(root, file), "utf8").replace(writtenPart, "");
      return { file, words: new Set([...(text.match(/\w+/g) ?? []), ...(text.match(/[a-z][\w-]*:[a-z]+/g) ?? [])]) };
    });
}

const families = new Set(lossFiles().map(({ family }) => family));

/**
 * @param {ReturnType<typeof readFiles>} files
 * @param {readonly string[]} names
 * @param {string} placeholder for a name in a path
 * @returns {string[]} the files that name each of them
 */
function placesOf(files, names, placeholder) {
  /** @type {Set<string>[]} */
  const [first = new Set(), ...rest] = names.map((name) => {
    const general = (/** @type {string} */ stem) =>
      stem === name ? placeholder : families.has(stem) ? "<family>" : stem;
    const paths = files.filter(({ words }) => words.has(name)).map(({ file }) => file.split("/"));
    return new Set(paths.map((parts) => parts.map((part) => part.replace(/^[^.]*/, general)).join("/")));
  });
  return [...first].filter((path) => rest.every((paths) => paths.has(path))).sort();
}

/** @returns {string[]} the element-wise ops of one operand, as their type lists them */
function unaryOps() {
  const text = readFileSync(join(root, "packages/core/src/ops/types.ts"), "utf8");
  const [, union = ""] = /export type UnaryOp =([^;]+);/.exec(text) ?? [];
  return [...union.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
}

/** The places of each kind, by the heading of CONTRIBUTING.md that tells them. */
export function countPlaces() {
  const files = readFiles();
  /** @type {{ id: string }[]} */
  const backends = readJson(join(root, "packages/cli/backends.json"));
  return {
    loss: placesOf(
      files,
      lossFiles().map(({ name }) => name),
      "<loss>",
    ),
    op: placesOf(files, unaryOps(), "<op>"),
    backend: placesOf(
      files,
      backends.map(({ id }) => id),
      "<backend>",
    ),
  };
}

/**
 * The text with the list of each kind between its marks.
 * @param {string} text of CONTRIBUTING.md
 */
export function withPlaces(text) {
  return Object.entries(countPlaces()).reduce((all, [kind, places]) => {
    const marks = new RegExp(`(<!-- places: ${kind} -->\\n)[\\s\\S]*?(<!-- end -->)`);
    if (!marks.test(all)) throw new Error(`places: CONTRIBUTING.md must have the mark <!-- places: ${kind} -->.`);
    const list = places.map((place) => `- \`${place}\`\n`).join("");
    return all.replace(marks, (_, begin, end) => `${begin}\n${places.length} files name each one:\n\n${list}\n${end}`);
  }, text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [kind, places] of Object.entries(countPlaces())) {
    console.log(`${kind}: ${places.length}\n${places.map((place) => `  ${place}\n`).join("")}`);
  }
}
