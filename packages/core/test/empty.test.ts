import { describe, expect, it } from "vitest";
import { crossEntropy, klDiv, type LossSpec, type Tensor } from "../src/index.js";
import { evaluateLoss, expression } from "./support/losses.js";
import type { Value } from "./support/interpreter.js";

const of = (...shape: number[]): Value => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5),
});
const plain = (values: readonly Value[]): (readonly number[])[] =>
  values.map(({ data }) => data.map((item) => item + 0));

/** Value and gradients of a mean or sum over `x`, which has no elements, and `y`, which has one for each column. */
function over(value: (x: Tensor, y: Tensor) => Tensor, reduction: "mean" | "sum", y: Value): (readonly number[])[] {
  return plain(evaluateLoss(expression("empty", value)({ reduction }), { x: of(0, 2), y }, ["x", "y"]).results);
}

describe("nothing", () => {
  it("has the mean NaN, and what was broadcast into it the gradient 0", () => {
    expect(over((x, y) => x.add(y), "mean", of(1, 2))).toEqual([[NaN], [], [0, 0]]);
    expect(over((x, y) => y.expand(x.shape), "mean", of(1, 2))).toEqual([[NaN], [], [0, 0]]);
    expect(over((x, y) => y.sum().expand(x.shape), "mean", of(1, 2))).toEqual([[NaN], [], [0, 0]]);
  });

  it("sums to 0, also where infinities and NaN were broadcast into it", () => {
    for (const item of [Infinity, NaN]) {
      const y = { shape: [1, 2], data: [item, -Infinity] };
      expect(over((x, v) => v.expand(x.shape).sum(0), "sum", y)).toEqual([[0], [], [0, 0]]);
      expect(over((x, v) => v.sum().expand(x.shape), "sum", y)).toEqual([[0], [], [0, 0]]);
    }
  });

  const results = (spec: LossSpec, feeds: Readonly<Record<string, Value>>): (readonly number[])[] =>
    plain(evaluateLoss(spec, feeds, ["input", "target"]).results);

  it("of inputs gives klDiv's target the gradient 0", () => {
    expect(results(klDiv(), { input: of(0), target: of(1) })).toEqual([[NaN], [], [0]]);
  });

  it("of classes gives crossEntropy with probabilities the mean NaN", () => {
    const feeds = { input: of(1, 0), target: of(1, 0) };
    expect(results(crossEntropy(), feeds)).toEqual([[NaN], [], []]);
    expect(results(crossEntropy({ reduction: "none" }), feeds)).toEqual([[0], [], []]);
    expect(results(crossEntropy({ reduction: "sum" }), feeds)).toEqual([[0], [], []]);
  });
});
