import { describe, expect, it } from "vitest";
import { gradient } from "../src/index.js";
import { expressions } from "./support/expressions.js";
import { evaluateLoss, expression, finiteDifferences } from "./support/losses.js";

const feeds = {
  x: { shape: [2, 3], data: [0.7, -1.2, 0.4, 2.1, -0.3, 1.6] },
  y: { shape: [1, 3], data: [0.9, 1.7, 0.6] },
};

describe("the derivative of a gradient agrees with central differences", () => {
  for (const [op, list] of Object.entries(expressions)) {
    list.forEach((value, i) => {
      it(`${op} ${i}`, () => {
        // Different weights for all elements of both gradients
        const spec = expression("slope", (x, y) => {
          const [dx, dy] = gradient(value(x, y), [x, y]);
          const weighted = dx.mul(x.iota(1).cast(x.dtype).mul(0.3).add(x.iota(0).cast(x.dtype)).add(0.5)).sum();
          return weighted.add(dy.mul(y.iota(1).cast(y.dtype).add(0.7)).sum());
        })();
        const { results } = evaluateLoss(spec, feeds, ["x", "y"]);
        for (const [k, name] of (["x", "y"] as const).entries()) {
          const numeric = finiteDifferences(spec, feeds, name);
          results[k + 1]?.data.forEach((item, j) => {
            const want = numeric[j] ?? Number.NaN;
            expect(Math.abs(item - want)).toBeLessThan(1e-6 * Math.max(1, Math.abs(want)));
          });
        }
      });
    });
  }
});
