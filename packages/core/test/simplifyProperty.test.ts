import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simplify, type Tensor } from "../src/index.js";
import { Tracer } from "../src/graph/trace.js";
import { interpret, type Value } from "./support/interpreter.js";

type Step = (a: Tensor, b: Tensor) => Tensor;
type Program = readonly (readonly [step: Step, a: number, b: number])[];

const arithmetic: readonly Step[] = [(a, b) => a.add(b), (a, b) => a.sub(b), (a, b) => a.mul(b)];

const ordinary: readonly Step[] = [
  (x) => x.neg(),
  (x) => x.mul(1),
  (x) => x.add(0),
  (x) => x.pow(2),
  (x) => x.expand(["N", "D"]),
  (x) => x.abs(),
  (x) => x.relu(),
  (x) => x.div(1),
  (x) => x.mul(-1),
  (x) => x.greater(0).where(x, 0),
  (x) => x.detach(),
  (x) => x.transpose().transpose(),
  (x) => x.unsqueeze(0).squeeze(0),
  (x) => x.expand(["N", "D"]).mean(1, true),
  (x) => x.mul(0.5),
  (x) => x.mul(-2),
  (x) => x.neg().div(2),
  (x) => x.greater(0).where(0, x.neg()),
  (x) => x.sum().expand(["N", "D"]),
  (x) => x.greater(0).not().where(x, x.neg()),
  (x) => x.greater(0).not().cast("float64"),
  (x) => x.greater(0).where(x.greater(0).where(x.neg(), 1), x.greater(0).not().where(2, x)),
];

/** Steps whose results may leave the range in another order. */
const scaling: readonly Step[] = [
  (x) => x.neg(),
  (x) => x.mul(0.5),
  (x) => x.mul(4),
  (x) => x.softmax(1),
  (x) => x.sigmoid(),
  (x) => x.mul(share(x)),
  (x) => x.greater(0).where(share(x), 0),
  (x) => x.greater(0).where(x.count([]).mul(0.5), 0),
  (x) => x.mul(x.count(0).mul(x.count(1))),
  (x) => x.sum(0, true).mul(share(x)).expand(["N", "D"]),
  (x) => x.sum().expand(["N", "D"]).sum(0, true),
  (a, b) => a.mul(b.sum()),
  (a, b) => a.mul(0.5).add(b.mul(0.5)),
  (a, b) => a.mul(share(a)).sub(b.mul(share(a))),
  (a, b) =>
    a
      .softmax(1)
      .mul(share(a))
      .sub(b.mul(share(a))),
  (a, b) => a.mul(4).mul(b).sub(a.mul(b)),
];

const share = (x: Tensor): Tensor => x.count([]).div(x.count(0));

/** Programs over these steps, and over sums and products. */
function programs(steps: readonly Step[]): fc.Arbitrary<Program> {
  const step = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...steps) }, fc.constantFrom(...arithmetic));
  return fc.array(fc.tuple(step, fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 12 });
}

/** The result of a program before and after simplification. */
function bothOf(program: Program, N: number, D: number, data: readonly number[]): readonly (Value | undefined)[] {
  const tracer = new Tracer();
  const made = [tracer.input("x", ["N", "D"], "float64"), tracer.input("y", ["N", 1], "float64")];
  const at = (i: number): Tensor => made[i % made.length] as Tensor;
  for (const [step, a, b] of program) made.push(step(at(a), at(b)));
  const graph = tracer.builder.finish("trial", { value: tracer.idOf(at(made.length - 1)) });
  const feeds = {
    x: { shape: [N, D], data: data.slice(0, N * D) },
    y: { shape: [N, 1], data: data.slice(6, 6 + N) },
  };
  return [graph, simplify(graph)].map((g) => interpret(g, feeds, { N, D })[0]);
}

describe("simplify never changes a result", () => {
  it("of ordinary numbers, but for rounding", () => {
    const numbers = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(programs(ordinary), numbers, (program, data) => {
        const [before, after] = bothOf(program, 2, 3, data);
        expect(after?.shape).toEqual(before?.shape);
        after?.data.forEach((item, i) => expect(item).toBeCloseTo(before?.data[i] ?? NaN, 8));
      }),
      { numRuns: 300 },
    );
  });

  it("from a number to an infinity or NaN, or back", () => {
    // A power of 2 is not rounded, so that nothing but its range tells two orders apart.
    const numbers = [2 ** 1023, 2 ** -1074, 2 ** -1000, 2 ** 512, 1, 0, Infinity].flatMap((item) => [item, -item]);
    const data = fc.array(fc.constantFrom(...numbers, NaN), { minLength: 8, maxLength: 8 });
    const kind = (item: number): string => (Number.isFinite(item) ? "finite" : String(item));
    fc.assert(
      fc.property(programs(scaling), fc.nat(2), fc.nat(3), data, (program, N, D, values) => {
        const [before, after] = bothOf(program, N, D, values);
        expect(after?.shape).toEqual(before?.shape);
        expect(after?.data.map(kind)).toEqual(before?.data.map(kind));
      }),
      { numRuns: 1000 },
    );
  });
});
