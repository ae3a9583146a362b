import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verify, type Graph, type Tensor } from "../src/index.js";
import { simplify } from "../src/graph/simplify.js";
import { allRules } from "../src/graph/rules/all.js";
import { Tracer } from "../src/graph/trace.js";
import { interpret } from "./support/interpreter.js";

/** A graph over x (N, D), y (N, 1), and labels in [0, D) or -1. */
function trace(build: (x: Tensor, y: Tensor, labels: Tensor) => Tensor): Graph {
  const tracer = new Tracer();
  const value = build(
    tracer.input("x", ["N", "D"], "float64"),
    tracer.input("y", ["N", 1], "float64"),
    tracer.input("labels", ["N"], "int32", { indices: { below: "D", except: -1 } }),
  );
  return tracer.builder.finish("trial", { value: tracer.idOf(value) });
}

/** For each rule, something that it applies to. */
const examples: Readonly<Record<string, (x: Tensor, y: Tensor, labels: Tensor) => Tensor>> = {
  x: (x) => x.detach(),
  "x + 0 = x": (x) => x.add(0),
  "x - 0 = x": (x) => x.sub(0),
  "x · 1 = x": (x) => x.mul(1),
  "x / 1 = x": (x) => x.div(1),
  "x^1 = x": (x) => x.pow(1),
  "x^2 = x · x": (x) => x.pow(2),
  "0 - x = -x": (x) => x.neg().mul(0).add(0).sub(0).sub(x.neg()).neg().neg().add(x.count([]).sub(1).sub(x)),
  "x · -1 = -x": (x) => x.mul(-1),
  "y + x = x + y, y · x = x · y": (x) => x.mul(x.exp()).add(x.exp().mul(x)),
  "--x = x": (x) => x.neg().neg(),
  "not not x = x": (x) => x.greater(0).not().not().where(x, 1),
  "e^(log softmax x) = softmax x": (x) => x.logSoftmax(1).exp(),
  "numbers are computed": (x) => x.mul(x.count([]).add(1)),
  "known sizes are numbers": (x) => x.mul(x.count([])),
  "a gather of what is the same all along the axis": (x, y, labels) =>
    y.expand(["N", "D"]).gather(1, labels.unsqueeze(1)).add(x),
  "a gather of 0, 1, 2, …": (x) =>
    x.iota(1).unsqueeze(0).expand(["N", "D"]).gather(1, x.iota(1).unsqueeze(0)).cast("float64").add(x),
  "the sum of what was added at positions": (_, y, labels) => y.scatterAdd(1, labels.unsqueeze(1), "D").sum(1),
  "the sum of a diagonal along its other axis": (x, y) => y.scatterAdd(1, x.iota(0), "N").sum(0, true).mul(y.add(1)),
  "leading axes of size 1 before a stretch": (x) => x.unsqueeze(0).expand([2, "N", "D"]),
  "a stretch of a stretch": (_, y) => y.expand(["N", "D"]).expand([2, "N", "D"]),
  "stretched where the op stretches anyway": (x, y) => y.expand(["N", "D"]).add(x),
  "the op first, the stretch after it": (_, y) => y.expand(["N", "D"]).exp(),
  "axes that come and go": (x) => x.unsqueeze(1).squeeze(1).exp(),
  "axes of a stretched scalar": (x) => x.sum().expand(["N", "D"]).unsqueeze(1),
  "transposed twice": (x) => x.transpose().transpose(),
  "transposed in no way": (x) => x.transpose([0, 1]),
  "reshaped twice": (x) => x.flatten().reshape(["D", "N"]),
  "reshaped to its own shape": (x) => x.flatten().reshape(["N", "D"]),
  "reduced along axes of size 1": (_, y) => y.sum(1),
  "the sum of what was stretched is a product": (_, y) => y.expand(["N", "D"]).sum(1),
  "the sign of a product goes to its smaller factor": (x, y) => x.mul(y).neg(),
  "signs go further down": (x, y) => x.neg().div(y),
  "the signs of a sum and of its product cancel": (x, y) => x.mul(y).add(x.mul(y.neg())),
  "x · s ± y · s = (x ± y) · s": (x) => x.softmax(1).mul(0.5).sub(x.softmax(0).mul(0.5)),
  "s at some places - x · s = (x - 1 at those places) · -s": (x, _, labels) => {
    const share = x
      .count([])
      .div(x.count([0]))
      .mul(-0.5);
    const index = labels.unsqueeze(1);
    const hot = share.expand(["N", 1]).scatterAdd(1, index, "D").sub(x.softmax(1).mul(share));
    return hot.add(x.greater(0).where(share, 0).sub(x.softmax(0).mul(share)));
  },
  "where(not c, x, y) = where(c, y, x)": (x) => x.greater(0).not().where(x, 1),
  "a choice in a choice is made already": (x) => x.greater(0).where(x.greater(0).where(x, 1), 2),
  "the opposite as a number": (x) => x.greater(0).not().cast("float64"),
};

const hard = [0, -0, 1, -1, 0.5, 3, -7, NaN, Infinity, -Infinity, 1e300, -1e300, 5e-324, 1e-308, 1, 1];
const sizes = fc.constantFrom<readonly [number, number]>([0, 3], [3, 0], [1, 1], [2, 3], [3, 1], [1, 4]);

describe("each rule", () => {
  it("has an example, and each example a rule", () => {
    expect(Object.keys(examples).sort()).toEqual(allRules.map(({ name }) => name).sort());
  });

  for (const [name, build] of Object.entries(examples)) {
    it(`applies, and changes no result: ${name}`, () => {
      const graph = trace(build);
      const applied = new Set<string>();
      // Alone it must do, too, where it needs no other rule to come before it.
      const alone = allRules.filter((rule) => rule.name === name);
      const simplified = simplify(graph, alone, (rule) => applied.add(rule));
      verify(simplified);
      simplify(graph, allRules, (rule) => applied.add(rule));
      expect(applied).toContain(name);
      fc.assert(
        fc.property(sizes, fc.array(fc.constantFrom(...hard), { minLength: 20, maxLength: 20 }), ([n, d], data) => {
          const feeds = {
            x: { shape: [n, d], data: data.slice(0, n * d) },
            y: { shape: [n, 1], data: data.slice(12, 12 + n) },
            labels: { shape: [n], data: data.slice(16, 16 + n).map((_, i) => (d === 0 ? -1 : (i % (d + 1)) - 1)) },
          };
          for (const rules of [alone, allRules]) {
            const [before, after] = [graph, simplify(graph, rules)].map((g) => interpret(g, feeds, { N: n, D: d })[0]);
            expect(after?.shape).toEqual(before?.shape);
            after?.data.forEach((item, i) => {
              const want = before?.data[i] ?? NaN;
              // Any number is within a share of infinity.
              const isNear = Number.isFinite(want) && Math.abs(item - want) <= 1e-12 * Math.abs(want);
              const isSame = isNear || Object.is(item + 0, want + 0);
              expect(isSame, `${item} for ${want} of ${data.join()}`).toBe(true);
            });
          }
        }),
        { numRuns: 100, seed: 3 },
      );
    });
  }
});
