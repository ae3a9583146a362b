import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locale } from "../site.js";
import { fill } from "./fill.js";

/** Gives an English text in the language of the page; `{name}` stands for a value. */
export type Translate = (english: string, values?: Readonly<Record<string, string | number>>) => string;

/** Translations of one language: data keyed by the English text, in one file for each part of the site. */
export interface Dictionary {
  readonly locale: Locale;
  readonly entries: ReadonlyMap<string, string>;
  /** The file that each entry stands in, to name it in a message. */
  readonly files: ReadonlyMap<string, string>;
}

/** Reads every file of a language. A text that two files translate differently is an error. */
export function readDictionary(folder: string, locale: Locale): Dictionary {
  const entries = new Map<string, string>();
  const files = new Map<string, string>();
  for (const file of readdirSync(join(folder, locale)).sort()) {
    if (!file.endsWith(".json")) continue;
    const texts = JSON.parse(readFileSync(join(folder, locale, file), "utf8")) as Record<string, string>;
    for (const [english, translated] of Object.entries(texts)) {
      const known = entries.get(english);
      if (known !== undefined && known !== translated) {
        throw new Error(
          `${locale}/${file}: "${english}" must have one translation, got another in ${files.get(english)}.`,
        );
      }
      entries.set(english, translated);
      files.set(english, file);
    }
  }
  return { locale, entries, files };
}

/** Looks texts up and remembers which were asked for and which are missing. */
export class Translator {
  readonly used: Set<string> = new Set();
  readonly missing: Map<string, string> = new Map();
  readonly #dictionary: Dictionary;

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  /** The texts of one part of the site, named where a translation is missing. */
  for(part: string): Translate {
    return (english, values) => fill(this.#find(english, part), values);
  }

  /** The entries that nothing asked for. */
  unused(): readonly string[] {
    return [...this.#dictionary.entries.keys()].filter((text) => !this.used.has(text));
  }

  #find(english: string, part: string): string {
    // Code, addresses and numbers are the same in every language.
    const words = english.replace(/`[^`]*`|\]\([^)]*\)|\$[^$]*\$/g, " ");
    if (!/\p{L}{2}/u.test(words)) return english;
    this.used.add(english);
    const found = this.#dictionary.entries.get(english);
    if (found === undefined) this.missing.set(english, part);
    return found ?? english;
  }
}

/** English needs no translation. */
export const english: Translate = (text, values) => fill(text, values);
