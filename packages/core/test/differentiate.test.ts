import { describe, expect, it } from "vitest";
import { customGradient, opNames, type OpName, type Tensor } from "../src/index.js";
import { expressions, x, y } from "./support/expressions.js";
import { evaluateLoss, expression, finiteDifferences } from "./support/losses.js";

/** Ops whose results are the same for all x, or change in steps only. */
const flat: readonly OpName[] = [
  "input",
  "constant",
  "iota",
  "dimSize",
  "sign",
  "floor",
  "argMax",
  "argMin",
  "argsort",
  "not",
  "equal",
  "less",
  "lessOrEqual",
  "and",
  "or",
];

describe("gradients agree with central differences", () => {
  it("has an expression for every op that has a derivative", () => {
    expect(opNames.filter((op) => expressions[op] === undefined).sort()).toEqual([...flat].sort());
  });

  for (const [op, list] of Object.entries(expressions)) {
    list.forEach((value, i) => {
      it(`${op} ${i}`, () => {
        const spec = expression("trial", value)();
        const feeds = { x, y };
        const { results } = evaluateLoss(spec, feeds, ["x", "y"]);
        for (const [k, name] of (["x", "y"] as const).entries()) {
          const numeric = finiteDifferences(spec, feeds, name);
          results[k + 1]?.data.forEach((item, j) => expect(item).toBeCloseTo(numeric[j] ?? NaN, 6));
          expect(results[k + 1]?.shape).toEqual(feeds[name].shape);
        }
      });
    });
  }
});

const gradients = (
  value: (x: Tensor, y: Tensor) => Tensor,
  a: number[],
  b: number[] = [1],
): readonly (readonly number[])[] =>
  evaluateLoss(expression("kink", value)(), { x: { shape: [a.length], data: a }, y: { shape: [b.length], data: b } }, [
    "x",
    "y",
  ])
    .results.slice(1)
    .map((result) => result.data.map((item) => item + 0));

describe("gradients at kinks are PyTorch's", () => {
  it("relu 0, clampMin and clampMax 1, abs 0", () => {
    expect(gradients((a) => a.relu(), [0, 1, -1])[0]).toEqual([0, 1, 0]);
    expect(gradients((a) => a.clampMin(0), [0, 1, -1])[0]).toEqual([1, 1, 0]);
    expect(gradients((a) => a.clampMax(0), [0, 1, -1])[0]).toEqual([1, 0, 1]);
    expect(gradients((a) => a.abs(), [0, 1, -1])[0]).toEqual([0, 1, -1]);
  });

  it("maximum and minimum split a tie in half", () => {
    expect(gradients((a, b) => a.maximum(b), [1], [1])).toEqual([[0.5], [0.5]]);
    expect(gradients((a, b) => a.minimum(b), [1], [1])).toEqual([[0.5], [0.5]]);
    expect(gradients((a, b) => a.maximum(b), [1, 2, 3], [2, 2, 2])).toEqual([
      [0, 0.5, 1],
      [1, 0.5, 0],
    ]);
  });

  it("maximum and minimum give the gradient to both sides next to a NaN", () => {
    for (const [x, y] of [
      [NaN, 1],
      [1, NaN],
      [NaN, NaN],
    ] as const) {
      expect(gradients((a, b) => a.maximum(b), [x], [y])).toEqual([[1], [1]]);
      expect(gradients((a, b) => a.minimum(b), [x], [y])).toEqual([[1], [1]]);
    }
  });

  it("max takes the first of tied elements, amax shares", () => {
    expect(gradients((a) => a.max(0), [1, 3, 3])[0]).toEqual([0, 1, 0]);
    expect(gradients((a) => a.amax(0), [1, 3, 3])[0]).toEqual([0, 0.5, 0.5]);
    expect(gradients((a) => a.min(0), [1, 1, 3])[0]).toEqual([1, 0, 0]);
    expect(gradients((a) => a.amin(0), [1, 1, 3])[0]).toEqual([0.5, 0.5, 0]);
  });

  it("where sends 0 to the side not taken", () => {
    expect(gradients((a) => a.greater(0).where(a.square(), 0), [-3, 2])[0]).toEqual([0, 4]);
    expect(gradients((a) => a.greater(0).where(a, a.mul(3)), [0, 2])[0]).toEqual([3, 1]);
  });

  it("pow has derivative 0 for exponent 0 and 1 for exponent 1 at 0", () => {
    expect(gradients((a) => a.pow(0), [0, 2])[0]).toEqual([0, 0]);
    expect(gradients((a) => a.pow(1), [0, 2])[0]).toEqual([1, 1]);
    expect(gradients((a) => a.pow(0.5), [0])[0]).toEqual([Infinity]);
    expect(gradients((a) => a.pow(1.5), [0])[0]).toEqual([0]);
  });

  it("detach stops the gradient", () => {
    expect(gradients((a) => a.detach().mul(a), [3])[0]).toEqual([3]);
  });

  it("a stated gradient replaces the derived one", () => {
    expect(gradients((a) => customGradient(a.square(), [a], (g) => [g.mul(7)]), [3])[0]).toEqual([7]);
  });

  it.each([0, 1, 3])("a stated gradient has one tensor for each input, not %i for two", (count) => {
    const f = (a: Tensor, b: Tensor): Tensor =>
      customGradient(a.mul(b), [a, b], (g) => Array.from({ length: count }, () => g));
    expect(() => gradients(f, [3], [2])).toThrow(
      `customGradient: backward must give a tensor, or undefined, for each of 2 inputs, got ${count > 2 ? "an array" : `a list of ${count}`}.`,
    );
  });
});
