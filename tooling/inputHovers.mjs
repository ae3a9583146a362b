// Runs after tsc in packages/core: what an input of a loss holds stands in the comment of the loss; here it is put on the members of
// the loss's input type too, in the declarations alone, so that editors show it where an input is fed and its gradient is read.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { lossFiles } from "./lossFiles.mjs";
import { root } from "./repository.mjs";

const dist = join(root, "packages/core/dist");
const { lossDocs } = /** @type {{ lossDocs: Record<string, { inputs: Record<string, string> }> }} */ (
  await import(pathToFileURL(join(dist, "docs/index.js")).href)
);

for (const { family, name } of lossFiles()) {
  const file = join(dist, "losses", family, `${name}.d.ts`);
  const text = readFileSync(file, "utf8");
  const start = text.indexOf(`export declare const ${name}:`);
  if (start < 0) throw new Error(`inputHovers: ${file} must declare ${name}, got no such constant.`);
  let declaration = text.slice(start);
  for (const [input, doc] of Object.entries(lossDocs[name]?.inputs ?? {})) {
    // On the same line, for the map of the declarations. Members that losses share have their comment where they are declared.
    declaration = declaration.replace(
      new RegExp(`(?<=[{;]\\s*)(${input}\\??: ")`),
      (member) => `/** ${doc.replaceAll("*/", "*\\/")} */ ${member}`,
    );
  }
  writeFileSync(file, text.slice(0, start) + declaration);
}
