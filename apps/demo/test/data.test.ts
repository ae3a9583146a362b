import { describe, expect, it } from "vitest";
import { splitCaptions, trainCaption } from "../src/data/captions.js";
import { batches, loadDataset } from "../src/data/dataset.js";
import { languages, loadEmoji } from "../src/data/emoji.js";
import { pictureFeatures, readFeatures } from "../src/data/picture.js";
import { readText } from "../src/data/textFeatures.js";
import { createRandom } from "../src/random.js";

const emoji = loadEmoji();

describe("loadEmoji", () => {
  it("finds hundreds of emoji, each once, with words in both languages", () => {
    expect(emoji.length).toBeGreaterThan(600);
    expect(new Set(emoji.map(({ file }) => file)).size).toBe(emoji.length);
    for (const { words } of emoji) {
      for (const language of languages) {
        expect(words[language].name).not.toBe("");
        expect(words[language].keywords.length).toBeGreaterThanOrEqual(2);
      }
      expect(words.zh.name).toMatch(/\p{Script=Han}|[A-Za-z0-9]/u);
    }
  });

  it("finds pictures whose codes are written with and without the variation selector", () => {
    const names = new Set(emoji.map(({ words }) => words.en.name));
    expect(names).toContain("red heart");
    expect(names).toContain("dog face");
  });
});

describe("readFeatures", () => {
  it("describes every picture with finite numbers, no two alike among the first", () => {
    const seen = new Set<string>();
    for (const { file } of emoji.slice(0, 40)) {
      const features = readFeatures(file);
      expect(features).toHaveLength(pictureFeatures);
      expect(features.every((x) => x >= 0 && x <= 1.0001)).toBe(true);
      seen.add(features.join());
    }
    expect(seen.size).toBe(40);
  });
});

describe("captions", () => {
  it("never show a held-out keyword in training", () => {
    const random = createRandom(3);
    for (const item of emoji.slice(0, 60)) {
      const captions = splitCaptions(item, random);
      for (const language of languages) {
        const parts = Array.from({ length: 20 }, () => trainCaption(captions, language, random).split(/, |，/));
        const shown = new Set(parts.flat());
        const { heldOut } = captions.train[language];
        expect(heldOut.length).toBeGreaterThan(0);
        expect(heldOut.filter((keyword) => shown.has(keyword))).toEqual([]);
        expect(heldOut.filter((keyword) => captions.train[language].name.includes(keyword))).toEqual([]);
        const test = captions.test.find((caption) => caption.language === language);
        expect(test?.text).toContain(heldOut[0]);
      }
    }
  });

  it("share pieces with captions that have words in common, in both languages", () => {
    const common = (a: string, b: string): number => readText(a).filter((piece) => readText(b).includes(piece)).length;
    expect(common("red apple", "apple pie")).toBeGreaterThan(common("red apple", "submarine"));
    expect(common("红苹果", "苹果派")).toBeGreaterThan(common("红苹果", "潜水艇"));
  });
});

describe("loadDataset", () => {
  it("is the same for the same seed, and batches hold distinct pictures", () => {
    const one = loadDataset(createRandom(5), 40);
    const other = loadDataset(createRandom(5), 40);
    expect(one.queries).toEqual(other.queries);
    const batch = batches(one, 16, 1, createRandom(1)).next().value;
    expect(new Set(batch.labels).size).toBe(16);
    const double = batches(one, 16, 2, createRandom(1)).next().value;
    expect(new Set(double.labels).size).toBe(8);
  });
});
