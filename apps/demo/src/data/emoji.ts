import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export type Language = "en" | "zh";
export const languages: readonly Language[] = ["en", "zh"];

/** How one language speaks of a picture. */
export interface Words {
  readonly name: string;
  readonly keywords: readonly string[];
}

export interface Emoji {
  readonly hexcode: string;
  readonly file: string;
  readonly words: Readonly<Record<Language, Words>>;
}

const fewestKeywords = 2;
/** Faces, animals, food, places, activities and objects; not people, signs, flags or skin tones. */
const groups: ReadonlySet<number> = new Set([0, 3, 4, 5, 6, 7]);

/** Every emoji that has a picture and enough words in both languages, in the order of the Unicode charts. */
export function loadEmoji(): Emoji[] {
  const require = createRequire(import.meta.url);
  const pictures = readPictures(dirname(require.resolve("emoji-datasource-twitter/package.json")));
  const english = readEntries(require.resolve("emojibase-data/en/data.json"));
  const chinese = new Map(
    readEntries(require.resolve("emojibase-data/zh/data.json")).map((entry) => [entry.hexcode, entry]),
  );
  const ordered = english.filter((entry) => groups.has(entry.group)).sort((a, b) => a.order - b.order);
  return ordered.flatMap((entry): Emoji[] => {
    const other = chinese.get(entry.hexcode);
    const file = pictures.get(pictureKey(entry.hexcode));
    if (other === undefined || file === undefined) return [];
    const words = { en: wordsOf(entry), zh: wordsOf(other) };
    const enough = languages.every((language) => hasEnough(words[language]));
    return enough ? [{ hexcode: entry.hexcode, file, words }] : [];
  });
}

/** Keywords that are no part of the name: who knows the name only does not know them. */
export function newKeywords({ name, keywords }: Words): string[] {
  return keywords.filter((keyword) => !name.includes(keyword));
}

function hasEnough(words: Words): boolean {
  return words.keywords.length >= fewestKeywords && newKeywords(words).length > 0;
}

interface Entry {
  readonly hexcode: string;
  readonly label: string;
  readonly tags: readonly string[];
  readonly group: number;
  readonly order: number;
}

// The two packages disagree on where the variation selector FE0F is written.
function pictureKey(hexcode: string): string {
  return hexcode.toUpperCase().replaceAll("-FE0F", "");
}

function readPictures(folder: string): Map<string, string> {
  const found = readJson(join(folder, "emoji.json")).flatMap((item): [string, string][] => {
    if (item["has_img_twitter"] !== true) return [];
    const file = join(folder, "img", "twitter", "64", String(item["image"]));
    return existsSync(file) ? [[pictureKey(String(item["unified"])), file]] : [];
  });
  return new Map(found);
}

function readEntries(file: string): Entry[] {
  return readJson(file).map((item) => ({
    hexcode: String(item["hexcode"]),
    label: String(item["label"]),
    tags: Array.isArray(item["tags"]) ? item["tags"].map(String) : [],
    group: Number(item["group"] ?? -1),
    order: Number(item["order"] ?? 0),
  }));
}

function readJson(file: string): Readonly<Record<string, unknown>>[] {
  const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!Array.isArray(parsed)) throw new TypeError(`${file}: the file must hold a list, got ${typeof parsed}.`);
  return parsed.filter((item) => typeof item === "object" && item !== null);
}

function wordsOf({ label, tags }: Entry): Words {
  const name = label.toLowerCase();
  return { name, keywords: [...new Set(tags.map((tag) => tag.toLowerCase()))].filter((tag) => tag !== name) };
}
