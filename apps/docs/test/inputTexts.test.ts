import { byOption, byPresence, float, labels, list, mask, parameter, type InputDeclaration } from "@losses/core";
import { expect, it } from "vitest";
import { english } from "../src/i18n/translator.js";
import { inputHolds, inputShapes } from "../src/losses/inputTexts.js";

const told = (declaration: InputDeclaration): readonly string[] => {
  const input = { ...declaration, name: "some", required: true };
  return [inputShapes(input, english), inputHolds(input, english)];
};

it("tells the shapes of an input and what it holds", () => {
  expect(told(mask(["N"]))).toEqual(["`[N]`", "true or false"]);
  expect(told(parameter(["C", "D"]))).toEqual(["`[C, D]`", "floating numbers, a parameter of the model"]);
  expect(told(list(float(["N", "...d"])))).toEqual(["a list of `[N, ...d]`", "floating numbers"]);
  const cases = byOption("layout", [
    ["rows", float(["N", "C"])],
    ["columns", float(["C", "N"])],
  ]);
  expect(told(cases)[0]).toBe('`[N, C]` with `layout: "rows"` or `[C, N]` with `layout: "columns"`');
  const scores = byPresence("labels", { given: float(["N", "M"]), absent: float(["N", "N"]) });
  expect(told(scores)[0]).toBe("`[N, M]` with `labels` or `[N, N]` without `labels`");
});

it("tells the bounds of integers: sizes, letters, options and inputs", () => {
  const bounds = (...[given]: [Parameters<typeof labels>[2]?]): string | undefined => told(labels(["N"], "", given))[1];
  expect(bounds()).toBe("integers");
  expect(bounds({ below: "C", except: "ignoreIndex" })).toBe("integers in [0, C), or `ignoreIndex`");
  expect(bounds({ from: 1, atMost: { input: "lengths" } })).toBe("integers in [1, `lengths`]");
  expect(bounds({ below: { option: "numClasses" } })).toBe("integers in [0, `numClasses`)");
});
