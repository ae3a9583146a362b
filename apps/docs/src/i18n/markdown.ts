import type { Translate } from "./translator.js";

const fence = /^(\s*)(```+|~~~+)/;
const heading = /^(#{1,6}\s+)(.*?)(\s*\{#[\w-]+\})?$/;
const item = /^(\s*(?:[-*]|\d+\.)\s+)(.*)$/;
const container = /^(:::+\s*\w*\s?)(.*)$/;
const separator = /^\s*\|?[\s:|-]+\|?\s*$/;
const html = /^\s*<\/?[A-Za-z!][^>]*>\s*$/;

/**
 * Translates Markdown block by block: paragraphs, headings, list items, cells and quotes are texts; code, tags that stand
 * alone in a line, and front matter are left as they are. A heading keeps the address that its English text has.
 */
export function translateMarkdown(source: string, translate: Translate): string {
  const lines = source.split("\n");
  const result: string[] = [];
  let at = 0;
  if (lines[0] === "---") {
    const end = lines.indexOf("---", 1);
    result.push(...lines.slice(0, end + 1).map((line) => frontMatter(line, translate)));
    at = end + 1;
  }
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const opened = fence.exec(line)?.[2];
    if (opened !== undefined) {
      const end = lines.findIndex((other, i) => i > at && other.trim().startsWith(opened));
      const last = end < 0 ? lines.length - 1 : end;
      result.push(...lines.slice(at, last + 1));
      at = last + 1;
    } else if (line.trim() === "" || html.test(line)) {
      result.push(line);
      at++;
    } else if (line.startsWith("|")) {
      result.push(separator.test(line) ? line : translateRow(line, translate));
      at++;
    } else {
      const block = [line];
      while (continues(lines[at + block.length], line)) block.push(lines[at + block.length] ?? "");
      result.push(translateBlock(block, translate));
      at += block.length;
    }
  }
  return result.join("\n");
}

/** Whether the next line belongs to the block that this line began. */
function continues(next: string | undefined, first: string): boolean {
  if (next === undefined || next.trim() === "" || heading.test(first)) return false;
  return ![fence, heading, item, container, html].some((kind) => kind.test(next)) && !next.startsWith("|");
}

function translateBlock(lines: readonly string[], translate: Translate): string {
  const text = lines.map((line) => line.trim()).join(" ");
  const [first = ""] = lines;
  const head = heading.exec(first);
  if (head !== null) {
    const [, marks = "", words = "", anchor = ` {#${slug(words)}}`] = head;
    return `${marks}${translate(words)}${anchor}`;
  }
  const box = container.exec(first);
  if (box !== null) return `${box[1] ?? ""}${translate(box[2] ?? "")}`;
  const listed = item.exec(first);
  if (listed !== null) return `${listed[1] ?? ""}${translate(text.replace(/^(?:[-*]|\d+\.)\s+/, ""))}`;
  if (first.startsWith("> ")) return `> ${translate(text.replace(/(^|\s)> /g, "$1"))}`;
  return translate(text);
}

/** Cells end at a bar that is not escaped. */
function translateRow(row: string, translate: Translate): string {
  const cells = row
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/);
  return `| ${cells.map((cell) => translate(cell.trim())).join(" | ")} |`;
}

function frontMatter(line: string, translate: Translate): string {
  const [, key, value = ""] = /^(title|description): "?(.*?)"?$/.exec(line) ?? [];
  return key === undefined ? line : `${key}: ${JSON.stringify(translate(value))}`;
}

/** The address of a heading. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[`*_]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
}
