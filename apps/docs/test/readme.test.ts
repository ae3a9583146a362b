import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
const english = read("README.md");
const chinese = read("README.zh-CN.md");

const all = (text: string, pattern: RegExp): readonly string[] => [...text.matchAll(pattern)].map(([found]) => found);

describe("README.zh-CN.md is the twin of README.md", () => {
  it("has the same headings by level, and the same code", () => {
    expect(all(chinese, /^#+ /gm)).toEqual(all(english, /^#+ /gm));
    expect(all(chinese, /^```[\s\S]*?^```/gm)).toEqual(all(english, /^```[\s\S]*?^```/gm));
  });

  it("has tables of the same size, that name the same code", () => {
    const rows = (text: string): readonly number[] => all(text, /^\|.*$/gm).map((row) => row.split(/(?<!\\)\|/).length);
    expect(rows(chinese)).toEqual(rows(english));
    const code = (text: string): readonly string[] =>
      all(text.replace(/^```[\s\S]*?^```/gm, ""), /`[^`]+`/g).toSorted();
    expect(code(chinese)).toEqual(code(english));
  });

  it("links to the same places, which are there", () => {
    const links = (text: string): readonly string[] =>
      [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
    expect(links(chinese).slice(1)).toEqual(links(english).slice(1));
    expect([links(english)[0], links(chinese)[0]]).toEqual(["README.zh-CN.md", "README.md"]);
    for (const target of links(english))
      expect(existsSync(new URL(`../../../${target}`, import.meta.url)), target).toBe(true);
  });

  it("is in Chinese", () => {
    const prose = chinese.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`]*`|\([^)]*\)/g, "");
    expect((prose.match(/\p{Script=Han}/gu) ?? []).length).toBeGreaterThan(400);
  });
});
