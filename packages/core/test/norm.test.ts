import { describe, expect, it } from "vitest";
import { tripletMarginLoss, tripletMarginWithDistanceLoss } from "../src/index.js";
import { cosineSimilarity } from "../src/math/distance.js";
import { vectorNorm } from "../src/math/norm.js";
import { evaluateLoss, expression } from "./support/losses.js";

const one = { shape: [1], data: [1] };

function norm(p: number, data: readonly number[]): { readonly value: number; readonly gradient: readonly number[] } {
  const spec = expression("norm", (x) => vectorNorm(x, p))();
  const { results } = evaluateLoss(spec, { x: { shape: [data.length], data }, y: one }, ["x"]);
  return { value: results[0]?.data[0] ?? NaN, gradient: (results[1]?.data ?? []).map((item) => item + 0) };
}

describe("norms", () => {
  it.each([1000, 40, 3, 2, 1.5, 0.5, -1, -1000])("of one element are its size, p = %d", (p) => {
    const { value, gradient } = norm(p, [-0.28]);
    expect(value).toBeCloseTo(0.28, 14);
    expect(gradient[0]).toBeCloseTo(-1, 12);
  });

  it("take no power out of range", () => {
    // ‖(a, a)‖ = a · 2^(1/p)
    for (const p of [1000, -1000]) {
      for (const a of [1e-300, 1e300]) {
        const { value, gradient } = norm(p, [a, -a]);
        expect(value / a).toBeCloseTo(2 ** (1 / p), 12);
        // ∂/∂a = (a / ‖x‖)^(p - 1)
        for (const [i, sign] of [1, -1].entries()) {
          expect(gradient[i]).toBeCloseTo(sign * 2 ** (1 / p - 1), 12);
        }
      }
    }
  });

  it.each([2, 3, 1000, 1.5, 0.5, 1, Infinity])("have gradient 0 at 0, p = %d", (p) => {
    expect(norm(p, [0, 0])).toEqual({ value: 0, gradient: [0, 0] });
  });

  it.each<[number, number]>([
    [3, Infinity],
    [1.5, Infinity],
    [0.5, Infinity],
    [-2, 3],
    [Infinity, Infinity],
  ])("take an infinite element for what it is, p = %d", (p, expected) => {
    expect(norm(p, [3, -Infinity]).value).toBe(expected);
  });

  it.each([3, 1.5, 2, -1])("are NaN where an element is, p = %d", (p) => {
    expect(norm(p, [1, NaN]).value).toBeNaN();
  });
});

describe("tripletMarginLoss", () => {
  it("with p = 1000 measures |x| in one dimension", () => {
    const at = (value: number): { shape: number[]; data: number[] } => ({ shape: [1, 1], data: [value] });
    const feeds = { anchor: at(0.28), positive: at(0), negative: at(3) };
    const spec = tripletMarginLoss({ p: 1000, eps: 0, margin: 10, reduction: "sum" });
    const [value, anchor] = evaluateLoss(spec, feeds, ["anchor"]).results;
    expect(value?.data[0]).toBeCloseTo(0.28 - 2.72 + 10, 12);
    expect(anchor?.data[0]).toBeCloseTo(2, 12);
  });
});

describe("a cosine", () => {
  const row = (...data: number[]): { shape: number[]; data: number[] } => ({ shape: [1, data.length], data });

  it("takes no norm for less than 1e-8, and the norm's own derivative below that, as PyTorch", () => {
    const spec = expression("cosine", cosineSimilarity)();
    const [value, x, y] = evaluateLoss(spec, { x: row(1e-10, 0), y: row(1, 0) }, ["x", "y"]).results;
    // torch.nn.functional.cosine_similarity and its gradients in float64
    expect(value?.data[0]).toBeCloseTo(0.01, 15);
    expect(x?.data[0]).toBeCloseTo(99000000, 4);
    expect(x?.data[1]).toBe(0);
    expect(y?.data.map((item) => item + 0)).toEqual([0, 0]);
  });

  it("of a zero row is 0, with the gradient of the floor", () => {
    const spec = expression("cosine", cosineSimilarity)();
    const [value, x, y] = evaluateLoss(spec, { x: row(0, 0), y: row(1, 2) }, ["x", "y"]).results;
    expect(value?.data).toEqual([0]);
    expect(x?.data[0]).toBeCloseTo(44721359.549995795, 5);
    expect(x?.data[1]).toBeCloseTo(89442719.09999159, 5);
    expect(y?.data.map((item) => item + 0)).toEqual([0, 0]);
  });

  it("costs 0.99 for an anchor of length 1e-10 in tripletMarginWithDistanceLoss", () => {
    const feeds = { anchor: row(1e-10, 0), positive: row(1, 0), negative: row(0, 1) };
    const spec = tripletMarginWithDistanceLoss({ distance: "cosine" });
    expect(evaluateLoss(spec, feeds).results[0]?.data[0]).toBeCloseTo(0.99, 12);
  });
});
