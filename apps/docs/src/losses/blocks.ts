import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The blocks of a loss that the site needs beside its definition, in the notation of a documentation comment. */
export interface LossBlocks {
  /** The formula in LaTeX, a line for each part. */
  readonly formula: readonly string[];
  /** Symbols: LaTeX, and the name of an input or option or a sentence. */
  readonly where: readonly { readonly symbol: string; readonly meaning: string }[];
  readonly use: readonly string[];
  readonly avoid: readonly string[];
}

const folder = fileURLToPath(new URL("../../content/losses/", import.meta.url));

/** Reads the blocks of every loss, by name. */
export function readBlocks(): Map<string, LossBlocks> {
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith(".md"))
    .map((file) => readFileSync(`${folder}${file}`, "utf8"));
  return new Map(texts.flatMap((text) => parseBlocks(text)));
}

/** `## name`, then blocks that begin with their tag at the start of a line. */
export function parseBlocks(text: string): readonly (readonly [string, LossBlocks])[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [name = "", ...lines] = section.split("\n");
      const tags = [...lines.join("\n").matchAll(/^@(\w+) ([\s\S]*?)(?=^@|$(?![\s\S]))/gm)].map(
        ([, tag = "", content = ""]) => ({ tag, content: content.trim().replace(/\s*\n\s*/g, " ") }),
      );
      const all = (tag: string): readonly string[] =>
        tags.filter((one) => one.tag === tag).map(({ content }) => content);
      const where = all("where").map((line) => {
        const [, symbol, meaning] = /^\$(.+?)\$ (.+)$/.exec(line) ?? [];
        if (symbol === undefined || meaning === undefined) {
          throw new Error(`${name}: @where must be $symbol$ and its meaning, got ${line}.`);
        }
        return { symbol, meaning };
      });
      return [name.trim(), { formula: all("formula"), where, use: all("use"), avoid: all("avoid") }] as const;
    });
}
