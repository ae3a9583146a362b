import { describe, expect, it } from "vitest";
import {
  defineLoss,
  defineSyncBackend,
  float,
  metricTripletMarginLoss,
  type BatchReduction,
  type OptionDeclaration,
} from "../src/index.js";
import { batchReduction } from "../src/loss/options.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());
const reduction: OptionDeclaration<BatchReduction> = batchReduction("avgNonZero");
const same = defineLoss({
  name: "sameLoss",
  inputs: { input: float(["N"], "Values.") },
  options: { reduction },
  empty: "zero",
  value: ({ input }) => input,
});

describe("avgNonZero", () => {
  const run = (input: readonly number[], options = {}): { value: number; gradient: readonly number[] } => {
    const loss = backend.compileSync(same(options), { dtype: "float64" });
    const { value, grads } = loss.valueAndGradSync({
      input: { data: Float64Array.from(input), shape: [input.length] },
    });
    return { value: value.data[0] ?? NaN, gradient: Array.from(grads.input.data) };
  };

  it("is the mean of the values that are > 0", () => {
    expect(run([2, 0, 4, -8])).toEqual({ value: 3, gradient: [0.5, 0, 0.5, 0] });
  });

  it("is what the policy says where there are none", () => {
    expect(run([0, -1]).value).toBe(0);
    expect(run([0, -1], { empty: "nan" }).value).toBeNaN();
    expect(() => run([0, -1], { empty: "error" })).toThrow(/something to average/);
  });

  it("counts the terms of a value that is a sum", () => {
    const loss = backend.compileSync(metricTripletMarginLoss({ margin: 1, distance: "cosine" }), { dtype: "float64" });
    const embeddings = { data: Float64Array.of(1, 0, 0, 1, -1, 0, 0, -1), shape: [4, 2] };
    // Of anchor 0, with positive 1: 1 − 0 + s to each negative, (−1 and 0); so of each: 0 and 1, and the others alike.
    expect(loss.valueSync({ embeddings, labels: [0, 0, 1, 1] }).data[0]).toBeCloseTo(1, 12);
  });
});
