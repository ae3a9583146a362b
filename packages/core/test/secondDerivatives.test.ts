import { describe, expect, it } from "vitest";
import { customGradient, type Tensor } from "../src/index.js";
import { differentiate } from "../src/graph/differentiate.js";
import { Tracer } from "../src/graph/trace.js";
import { simplify } from "../src/index.js";
import { cosineSimilarity, pairwiseDistance } from "../src/math/distance.js";
import { binaryEntropy, xlogy } from "../src/math/entropy.js";
import { normalize, vectorNorm } from "../src/math/norm.js";
import { diagonal } from "../src/math/select.js";
import { expressions, x, y } from "./support/expressions.js";
import { interpret, type Value } from "./support/interpreter.js";

const along = { shape: [2, 3], data: [0.3, -0.8, 1.1, 0.5, 0.9, -0.4] };
const aside = { shape: [1, 3], data: [-0.6, 0.7, 0.2] };
const feeds = { x, y, along, aside };
type Feeds = Readonly<Record<string, Value>>;

/** The derivative of Σf along a direction, and the gradient of that: what the gradient's own graph is differentiated to. */
function alongDirection(f: (x: Tensor, y: Tensor) => Tensor): (feeds: Feeds) => readonly Value[] {
  const tracer = new Tracer();
  const input = (name: keyof typeof feeds): Tensor => tracer.input(name, feeds[name].shape, "float64");
  const [a, b, ...directions] = [input("x"), input("y"), input("along"), input("aside")];
  const one = tracer.constant(1, "float64");
  const slopes = differentiate(tracer, f(a, b).sum(), [a, b], one);
  const parts = slopes.map((slope, i) => slope.mul(directions[i] ?? one).sum());
  const slope = parts.reduce((sum, part) => sum.add(part));
  const curvatures = differentiate(tracer, slope, [a, b], one);
  const outputs = Object.fromEntries([slope, ...curvatures].map((tensor, i) => [String(i), tracer.idOf(tensor)]));
  const graph = simplify(tracer.builder.finish("second", outputs));
  return (given) => interpret(graph, given, {});
}

function expectDifferences(f: (x: Tensor, y: Tensor) => Tensor): void {
  const evaluate = alongDirection(f);
  const [, ...curvatures] = evaluate(feeds);
  for (const [k, name] of (["x", "y"] as const).entries()) {
    const { shape, data } = feeds[name];
    data.forEach((_, i) => {
      const at = (by: number): number => {
        const moved = data.map((item, j) => (j === i ? item + by : item));
        return evaluate({ ...feeds, [name]: { shape, data: moved } })[0]?.data[0] ?? NaN;
      };
      expect(curvatures[k]?.data[i]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 5);
    });
  }
}

const formulas: Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>> = {
  ...Object.fromEntries(
    [0, 0.5, 1, 1.5, 2, 3, -1, 8, Infinity, -Infinity].map((p) => [`${p}-norm`, (a) => vectorNorm(a, p)]),
  ),
  "squared 2-norm": (a) => vectorNorm(a, 2, 0, true).square(),
  "pairwise distance": (a, b) => pairwiseDistance(a, b).square(),
  normalize: (a, b) => normalize(a).mul(b),
  "cosine similarity": (a, b) => cosineSimilarity(a, b),
  xlogy: (a, b) => xlogy(a.abs(), b),
  "xlogy of one": (a) => xlogy(a.square(), a.square()),
  "binary entropy": (a) => binaryEntropy(a, 0.3),
  "max along an axis": (a, b) => a.square().max(1, true).mul(b),
  "min along an axis": (a, b) => a.exp().min(0).mul(b.squeeze(0)),
  "a diagonal": (a) => diagonal(a.matmul(a.transpose())).square(),
  "a stated gradient of its own result": (a) => customGradient(a.exp(), [a], (g, result) => [g.mul(result)]).mul(a),
};

describe("second derivatives agree with differences of the gradient", () => {
  for (const [name, f] of Object.entries(formulas)) it(name, () => expectDifferences(f));
  for (const [op, list] of Object.entries(expressions)) {
    list.forEach((f, i) => it(`${op} ${i}`, () => expectDifferences(f)));
  }
});
