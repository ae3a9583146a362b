import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const call = /\bt\(\s*(?:"((?:[^"\\]|\\.)*)"|'([^'\\]*)')/g;

/** Every text that the components of the site show: the first argument of each call of `t`. */
export function interfaceTexts(folder: string): ReadonlySet<string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => /\.(vue|ts)$/.test(file));
  const texts = files.flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(call)].map(([, double, single = ""]) =>
      double === undefined ? single : (JSON.parse(`"${double}"`) as string),
    ),
  );
  return new Set(texts);
}
