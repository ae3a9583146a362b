import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allLossDocs } from "../losses/lossPages.js";
import { appFolder } from "./paths.js";

/** One name of another library: what it is here, and what differs. */
interface Counterpart {
  readonly theirs: string;
  /** A loss here, by the name it has or will have. */
  readonly ours: string;
  readonly note?: string;
}

/** Puts the table of another library's names in the place of `<!-- table: name -->`. */
export function migrationTables(markdown: string): string {
  const names = new Set(allLossDocs.map(({ name }) => name));
  return markdown.replace(/^<!-- table: (\w+) -->$/gm, (_, library: string) => {
    const file = join(appFolder, "content/migrations", `${library}.json`);
    const rows = (JSON.parse(readFileSync(file, "utf8")) as readonly Counterpart[]).map(
      ({ theirs, ours, note = "" }) => {
        const link = names.has(ours) ? `[\`${ours}\`](../losses/${ours})` : "not yet";
        return `| \`${theirs}\` | ${link} | ${note} |`;
      },
    );
    return ["| There | Here | What differs |", "| --- | --- | --- |", ...rows].join("\n");
  });
}
