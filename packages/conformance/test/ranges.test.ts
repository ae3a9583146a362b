import { bindInputs, defineLoss, float, reduction, traceLoss, type Graph, type Tensor } from "@losses/core";
import { describe, expect, it } from "vitest";
import { analyze, type Bounded } from "../src/index.js";

type Inputs = Readonly<Record<string, readonly number[] | readonly (readonly number[])[]>>;

/** The value of an expression over named vectors and matrices, bounded for float32. */
function bounded(inputs: Inputs, value: (tensors: Readonly<Record<string, Tensor>>) => Tensor): Bounded {
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, data]) => {
      const width = data.map((row) => (typeof row === "number" ? [] : [row.length]))[0] ?? [];
      return [name, { shape: [data.length, ...width], data: data.flat(), dtype: "float32" as const }];
    }),
  );
  // Sizes are literal, so that axes of equal size are not told apart by name.
  const declared = Object.entries(feeds).map(([name, { shape }]) => [name, float(shape, "")] as const);
  const loss = defineLoss<{ reduction: "none" }, string>({
    name: "expression",
    summary: "",
    formula: "",
    inputs: Object.fromEntries(declared),
    options: { reduction: reduction("none") as never },
    value: (tensors) => value(tensors),
  });
  const binding = bindInputs(loss.definition as never, feeds);
  const graph: Graph = traceLoss(loss() as never, binding, { dtype: "float32", gradients: [] });
  const [only] = analyze(graph, feeds, binding.sizes, "float32");
  if (only === undefined) throw new Error("there must be a value");
  return only;
}

function present(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new Error("the input must be there");
  return tensor;
}

/** 1 where a decision is certainly true, 0 where it is certainly false, "open" elsewhere. */
function decisions({ low, high }: Bounded): readonly (number | "open")[] {
  return Array.from(low, (least, i) => (least === high[i] ? least : "open"));
}

describe("comparisons with an extreme", () => {
  const square = [
    [1, 2],
    [3, 4],
  ];
  const hits = (x: Tensor, extreme: Tensor): Tensor => x.equal(extreme).where(1, 0);

  it("know the extreme's own line: in a square the other axis is not taken for it", () => {
    // The maxima of the rows, 2 and 4, are broadcast along the rows: 4 alone meets itself.
    expect(decisions(bounded({ x: square }, ({ x }) => hits(present(x), present(x).amax(1))))).toEqual([0, 0, 0, 1]);
    expect(decisions(bounded({ x: square }, ({ x }) => hits(present(x), present(x).amax(1, true))))).toEqual([
      0, 1, 0, 1,
    ]);
  });

  it("are certain where the line is the element's own, however vague both are", () => {
    const vague = ({ x }: Readonly<Record<string, Tensor>>): Tensor => present(x).exp();
    const of = (compare: (y: Tensor) => Tensor): readonly (number | "open")[] =>
      decisions(bounded({ x: square }, (tensors) => compare(vague(tensors))));
    expect(of((y) => hits(y, y.amax(1, true)))).toEqual([0, 1, 0, 1]);
    expect(of((y) => hits(y.amin(0, true), y))).toEqual([1, 1, 0, 0]);
    expect(of((y) => hits(y, y.transpose().amax(0, true).transpose()))).toEqual([0, 1, 0, 1]);
    // Of another line nothing is known but the ranges.
    const crossed = bounded(
      {
        x: [
          [1, 4],
          [4, 2],
        ],
      },
      (tensors) => hits(vague(tensors), vague(tensors).amax(1)),
    );
    expect(decisions(crossed)).toEqual([0, "open", "open", 0]);
  });

  it("leave a tie open if only some of the numbers are exact, whichever comes first", () => {
    for (const first of [1, 0]) {
      const tie = bounded({ mask: [first, 1 - first], x: [0, 0], y: [1, 1] }, ({ mask, x, y }) => {
        // e⁰ is 1 give or take, and 1 is 1.
        const numbers = present(mask).equal(1).where(present(x).exp(), present(y));
        return hits(numbers, numbers.amax(0));
      });
      expect(decisions(tie)).toEqual(["open", "open"]);
    }
  });

  it("are certain of ties between numbers made alike, and only of those", () => {
    const tied = (a: readonly number[], b: readonly number[]): readonly (number | "open")[] =>
      decisions(
        bounded({ a, b }, ({ a: x, b: y }) => {
          const product = present(x).mul(present(y)).sub(present(x));
          return hits(product, product.amax(0));
        }),
      );
    const [third, tenth] = [Math.fround(1 / 3), Math.fround(0.1)];
    expect(tied([third, third], [tenth, tenth])).toEqual([1, 1]);
    // x·y - x is the same for (s, t) and (s', t') on paper, not in rounding.
    expect(tied([third, -third], [Math.fround(1.5), 0.5])).toEqual(["open", "open"]);
  });
});

describe("NaN", () => {
  it("that is in doubt stays in doubt, whatever is made of it", () => {
    // 1 - (1 + 2⁻²³), with e⁰ for 1: NaN in float64, perhaps a number in float32.
    const root = (x: Tensor): Tensor =>
      x
        .exp()
        .sub(1 + 2 ** -23)
        .sqrt();
    for (const after of [(y: Tensor): Tensor => y, (y: Tensor) => y.abs(), (y: Tensor) => y.exp().add(1)]) {
      const { value, error, nan, low, high } = bounded({ x: [0] }, ({ x }) => after(root(present(x))));
      expect([value[0], error[0], nan[0]]).toEqual([Number.NaN, Infinity, 1]);
      expect(low[0]).toBeLessThanOrEqual(high[0] ?? Number.NaN);
    }
    const compared = bounded({ x: [0] }, ({ x }) => root(present(x)).less(5).where(1, 0));
    expect(decisions(compared)).toEqual(["open"]);
  });

  it("is certain where an operand is", () => {
    const { error, low, high } = bounded({ x: [Number.NaN] }, ({ x }) => present(x).exp().mul(2));
    expect([error[0], low[0], high[0]]).toEqual([0, Infinity, -Infinity]);
  });

  it("comes of infinities only where numbers may be infinite", () => {
    const nan = (x: number, f: (x: Tensor) => Tensor): number | undefined =>
      bounded({ x: [x] }, (tensors) => f(present(tensors.x))).nan[0];
    // e⁹⁰ is more than float32 holds, e⁸⁰ is not.
    expect(nan(90, (x) => x.exp().sub(x.exp().mul(0.5)))).toBe(1);
    expect(nan(80, (x) => x.exp().sub(x.exp().mul(0.5)))).toBe(0);
    expect(nan(90, (x) => x.exp().add(1))).toBe(0);
  });
});

describe("ranges", () => {
  it("tell the sign of a zero only where machines agree on it", () => {
    const inverse = (f: (x: Tensor) => Tensor): readonly (number | undefined)[] => {
      const { low, high } = bounded({ x: [0] }, ({ x }) => f(present(x)).pow(-1));
      return [low[0], high[0]];
    };
    expect(inverse((x) => x)).toEqual([Infinity, Infinity]);
    expect(inverse((x) => x.abs())).toEqual([Infinity, Infinity]);
    expect(inverse((x) => x.neg())).toEqual([-Infinity, Infinity]);
    expect(inverse((x) => x.sub(x))).toEqual([-Infinity, Infinity]);
  });

  it("stay on one side where a number may be infinite", () => {
    const { low, high, nan } = bounded({ x: [100] }, ({ x }) => present(x).exp());
    expect([(low[0] ?? 0) > 3e38, high[0], nan[0]]).toEqual([true, Infinity, 0]);
    expect(bounded({ x: [100] }, ({ x }) => present(x).exp().sigmoid()).error[0]).toBeLessThan(1e-6);
  });

  it("hold sums of what each may be lost below the smallest normal number", () => {
    const small = Math.fround(1e-19);
    const row = Array.from({ length: 100 }, () => small);
    const { value, low } = bounded({ x: [row] }, ({ x }) => present(x).matmul(present(x).transpose()));
    // Each product is 1e-38, below 2⁻¹²⁶; all of them are not.
    expect(value[0]).toBeGreaterThan(2 ** -126);
    expect(low[0]).toBe(0);
  });

  it("are not NaN for a large sum of one sign, and may be for one of both", () => {
    const big = 3e38;
    const sum = (x: readonly number[]): Bounded => bounded({ x }, (tensors) => present(tensors.x).sum());
    expect([sum([big, big, 1]).nan[0], sum([big, big, -big, -big]).nan[0]]).toEqual([0, 1]);
    expect([sum([big, big]).high[0], sum([-big, -big]).low[0]]).toEqual([Infinity, -Infinity]);
  });

  it("agree with every backend on the extreme of no integers", () => {
    const none = bounded({ x: [] }, ({ x }) => present(x).iota(0).amax().cast("float32"));
    expect([none.value[0], none.error[0]]).toEqual([-(2 ** 31), 0]);
  });

  it("give 1 for 1 to any power and for -1 to an infinite one", () => {
    const powers = bounded({ x: [1, 1, -1, -1, -2], y: [Number.NaN, Infinity, Infinity, -Infinity, Number.NaN] }, (t) =>
      present(t.x).pow(present(t.y)),
    );
    expect([...powers.value]).toEqual([1, 1, 1, 1, Number.NaN]);
    expect(powers.error[0]).toBe(0);
  });
});
