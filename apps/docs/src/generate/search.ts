import MiniSearch from "minisearch";
import { searchOptions, type SearchEntry } from "../search/options.js";

/** Cuts a page into its sections, as search shows them. */
export function sectionsOf(path: string, markdown: string, title: string): readonly SearchEntry[] {
  const body = plainText(markdown);
  const parts = body.split(/^(?=#{1,3} )/m).filter((part) => part.trim() !== "");
  return parts.map((part, i) => {
    const [, heading = title, anchor] = /^#{1,3} (.*?)(?:\s*\{#([\w-]+)\})?$/m.exec(part) ?? [];
    const text = part
      .replace(/^#{1,3} .*$/m, "")
      .replace(/\s+/g, " ")
      .trim();
    const hash = i === 0 || anchor === undefined ? "" : `#${anchor}`;
    return { id: `${path} ${i}`, href: `${path}${hash}`, page: title, title: heading, text };
  });
}

/** Markdown without code, tags, tables' bars and formulas' dollars. */
function plainText(markdown: string): string {
  return markdown
    .replace(/^---\n[\s\S]*?\n---\n/, "")
    .replace(/^```[\s\S]*?^```/gm, " ")
    .replace(/^:::.*$/gm, " ")
    .replace(/\$\$[\s\S]*?\$\$/g, " ")
    .replace(/<[^>]+>/g, " ")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\| ?---.*$/gm, "")
    .replace(/[|`*]/g, " ");
}

/** The index of one language, ready to be loaded. */
export function searchIndex(entries: readonly SearchEntry[]): string {
  const index = new MiniSearch<SearchEntry>(searchOptions);
  index.addAll(entries);
  return JSON.stringify(index);
}
