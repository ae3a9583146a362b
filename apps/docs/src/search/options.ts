import type { Options } from "minisearch";

/** A section of a page. */
export interface SearchEntry {
  readonly id: string;
  readonly href: string;
  readonly page: string;
  readonly title: string;
  readonly text: string;
}

const han = /[\p{Script=Han}]+/gu;

/**
 * Words as people type them: `tripletMarginLoss` is found by each of its parts; Chinese, which has no spaces, by single
 * characters and by pairs of them.
 */
export function tokenize(text: string): string[] {
  const words = text.split(/[^\p{L}\p{N}+]+/u).filter((word) => word !== "");
  return words.flatMap((word) => {
    const chinese = [...word.matchAll(han)].flatMap(([run]) => {
      const characters = Array.from(run);
      return [...characters, ...characters.slice(1).map((next, i) => `${characters[i]}${next}`)];
    });
    const latin = word.replace(han, " ").trim();
    const parts = latin.split(/(?<=[a-z0-9])(?=[A-Z])|_|\s+/).filter((part) => part !== "");
    return [...chinese, ...(latin === "" ? [] : [latin]), ...(parts.length > 1 ? parts : [])];
  });
}

/** What the index and those who ask it must agree on. */
export const searchOptions: Options<SearchEntry> = {
  fields: ["title", "page", "text"],
  storeFields: ["href", "page", "title", "text"],
  tokenize,
  searchOptions: {
    boost: { page: 4, title: 3 },
    prefix: true,
    fuzzy: (term) => (/^[a-z]{5,}/i.test(term) ? 0.2 : false),
    combineWith: "AND",
  },
};
