import { allLosses } from "@losses/core";
import { describe, expect, it } from "vitest";
import { lossFiles } from "../lossFiles.mjs";
import { blocksOf, readLossComments, withoutStars } from "../lossDocs.mjs";

const { defaults } = readLossComments(lossFiles());

describe("the comments of losses", { timeout: 60_000 }, () => {
  it.each(allLosses.map((loss) => /** @type {const} */ ([loss.lossName, loss.definition])))(
    "%s: the defaults that they name are the declared ones",
    (name, { options }) => {
      const named = defaults[name] ?? {};
      for (const [option, { default: initial }] of Object.entries(options)) {
        if (option === "empty" || typeof initial === "function" || initial === undefined) continue;
        expect(parse(named[option] ?? "null"), option).toEqual(initial);
      }
    },
  );
});

/**
 * A default as a comment writes it.
 * @param {string} text
 * @returns {unknown}
 */
function parse(text) {
  return text === "Infinity" ? Infinity : JSON.parse(text);
}

describe("blocks of a comment", () => {
  it("begin with their tags at the start of a line; examples keep their lines", () => {
    const comment = `/**
 * A summary
 * of two lines.
 *
 * @formula \`a @ b\`
 * @note One that
 * goes on.
 * @example
 * \`\`\`ts
 * @decorated
 * call();
 * \`\`\`
 */`;
    expect(blocksOf(withoutStars(comment))).toEqual([
      { tag: "", text: "A summary\nof two lines." },
      { tag: "formula", text: "`a @ b`" },
      { tag: "note", text: "One that goes on." },
      { tag: "example", text: "```ts\n@decorated\ncall();\n```" },
    ]);
  });
});
