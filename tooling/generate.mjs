// Writes the files that follow from the loss specs: packages/core/src/losses/{index,registry}.ts.
// `--check` writes nothing and fails if a file would change.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../packages/core/src/losses/", import.meta.url);
const header = "// Written by tooling/generate.mjs from the files in this folder; do not edit.\n";

/** @returns {{ family: string, name: string }[]} every loss by its file, families and names in alphabetical order */
function lossFiles() {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .flatMap((family) =>
      readdirSync(new URL(`${family}/`, folder))
        .filter((file) => file.endsWith(".ts"))
        .sort()
        .map((file) => ({ family, name: file.slice(0, -3) })),
    );
}

/** @returns {Record<string, string>} file name → contents */
function generated() {
  const losses = lossFiles();
  const exports = losses.map(({ family, name }) => `export * from "./${family}/${name}.js";\n`).join("");
  const imports = losses.map(({ family, name }) => `import { ${name} } from "./${family}/${name}.js";\n`).join("");
  const list = losses.map(({ name }) => `  ${name},\n`).join("");
  return {
    "index.ts": `${header}${exports}export { allLosses } from "./registry.js";\n`,
    "registry.ts": `${header}import type { AnyLoss } from "../loss/define.js";\n${imports}
const losses: readonly unknown[] = [
${list}];

/** Every loss of this package, for tools that list or look them up; importing it brings all of them along. */
export const allLosses: readonly AnyLoss[] = losses as readonly AnyLoss[];
`,
  };
}

const check = process.argv.includes("--check");
const stale = Object.entries(generated()).filter(([file, text]) => {
  const url = new URL(file, folder);
  let current = "";
  try {
    current = readFileSync(url, "utf8");
  } catch {
    // A missing file differs from what it should be.
  }
  if (current === text) return false;
  if (!check) writeFileSync(url, text);
  return true;
});
for (const [file] of stale) console.log(`${check ? "stale" : "wrote"} ${fileURLToPath(new URL(file, folder))}`);
if (check && stale.length > 0) {
  console.error("generate: run `npm run gen` and commit the result.");
  process.exit(1);
}
