import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { translateMarkdown } from "../src/i18n/markdown.js";
import { fill } from "../src/i18n/fill.js";
import { readDictionary, Translator, type Dictionary } from "../src/i18n/translator.js";
import { interfaceTexts } from "../src/generate/interface.js";

const folder = fileURLToPath(new URL("../translations", import.meta.url));

const dictionary = (entries: Record<string, string>): Dictionary => ({
  locale: "zh",
  entries: new Map(Object.entries(entries)),
  files: new Map(),
});

describe("Translator", () => {
  it("names what is missing, and what nobody asks for", () => {
    const translator = new Translator(dictionary({ Loss: "损失", Gone: "旧文" }));
    const t = translator.for("page");
    expect([t("Loss"), t("{count} losses", { count: 2 })]).toEqual(["损失", "2 losses"]);
    expect([...translator.missing]).toEqual([["{count} losses", "page"]]);
    expect(translator.unused()).toEqual(["Gone"]);
  });

  it("asks for no translation of code, numbers and addresses", () => {
    const translator = new Translator(dictionary({}));
    const t = translator.for("page");
    for (const text of ["`clipLoss`", "[`klDiv`](../losses/klDiv)", "0", "–", "$x^2$"]) expect(t(text)).toBe(text);
    expect(translator.missing.size).toBe(0);
  });
});

describe("the Chinese dictionary", () => {
  const { entries } = readDictionary(folder, "zh");

  it("keeps every value that a text is filled with, and every piece of code", () => {
    const parts = (text: string): readonly string[] =>
      [...new Set([...text.matchAll(/\{\w+\}|`[^`]+`/g)].map(([part]) => part))].sort();
    for (const [english, chinese] of entries) expect(parts(chinese), english).toEqual(parts(english));
  });

  it("is in Chinese, but for names", () => {
    const same = [...entries].filter(([english, chinese]) => english === chinese).map(([english]) => english);
    expect(same).toEqual(["from_logits=True", "−log softmax"]);
  });

  it("has every text of the interface", () => {
    const texts = interfaceTexts(fileURLToPath(new URL("../site/.vitepress/theme", import.meta.url)));
    expect(texts.size).toBeGreaterThan(80);
    expect([...texts].filter((text) => /\p{L}{2}/u.test(text) && !entries.has(text))).toEqual([]);
  });
});

describe("translateMarkdown", () => {
  const t = (text: string): string => `«${text}»`;

  it("translates blocks, and leaves code, tags and separators", () => {
    const source = [
      "# A title",
      "",
      "Two lines",
      "of text.",
      "",
      "- one",
      "  more",
      "- two",
      "",
      "| a b | `c` |",
      "| --- | --- |",
      "",
      "```js",
      "const x = 1;",
      "```",
      "",
      "<div>",
      "",
      "> quoted",
    ].join("\n");
    expect(translateMarkdown(source, t)).toBe(
      [
        "# «A title» {#a-title}",
        "",
        "«Two lines of text.»",
        "",
        "- «one more»",
        "- «two»",
        "",
        "| «a b» | «`c`» |",
        "| --- | --- |",
        "",
        "```js",
        "const x = 1;",
        "```",
        "",
        "<div>",
        "",
        "> «quoted»",
      ].join("\n"),
    );
  });

  it("translates title and description of a page", () => {
    expect(translateMarkdown('---\ntitle: "Begin"\nkind: guide\n---\n', t)).toBe(
      '---\ntitle: "«Begin»"\nkind: guide\n---\n',
    );
  });
});

it("fill puts values in their places and leaves unknown names", () => {
  expect(fill("{a} of {b}, {c}", { a: 1, b: "x" })).toBe("1 of x, {c}");
});
