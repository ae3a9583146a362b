import {
  bindInputs,
  concat,
  defineLoss,
  float,
  reduction,
  scan,
  ShapeError,
  stack,
  traceLoss,
  type Graph,
  type LossSpec,
  type Reduction,
  type Tensor,
} from "@losses/core";
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
  const declared = Object.entries(feeds).map(([name, { shape }]) => [name, float(shape)] as const);
  const loss = defineLoss<{ reduction: Reduction }, Readonly<Record<string, "float">>>({
    name: "expression",
    inputs: Object.fromEntries(declared),
    options: { reduction: reduction("none") },
    value: (tensors) => value(tensors as Readonly<Record<string, Tensor>>),
  });
  const spec = loss() as LossSpec;
  const binding = bindInputs(spec.loss.definition, feeds, spec.options);
  const graph: Graph = traceLoss(spec, binding, { dtype: "float32", gradients: [] });
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

  it("hold products that are rounded to the grid below the smallest normal number", () => {
    const [a, b] = [Math.fround(0.23055793344974518), 77 * 2 ** -149];
    const { low, value } = bounded({ x: [[-a]], y: [[b]] }, ({ x, y }) => present(x).matmul(present(y)));
    expect(Math.fround(-a * b)).toBeLessThan(value[0] ?? Number.NaN);
    expect(low[0]).toBeLessThanOrEqual(Math.fround(-a * b));
  });

  it("are not NaN for a large sum of one sign, and may be for one of both", () => {
    const big = 3e38;
    const sum = (x: readonly number[]): Bounded => bounded({ x }, (tensors) => present(tensors.x).sum());
    expect([sum([big, big, 1]).nan[0], sum([big, big, -big, -big]).nan[0]]).toEqual([0, 1]);
    expect([sum([big, big]).high[0], sum([-big, -big]).low[0]]).toEqual([Infinity, -Infinity]);
  });

  it("are refused, as by every backend, of the extreme of no integers", () => {
    expect(() => bounded({ x: [] }, ({ x }) => present(x).iota(0).amax().cast("float32"))).toThrow(ShapeError);
  });

  it("give 1 for 1 to any power and for -1 to an infinite one", () => {
    const powers = bounded({ x: [1, 1, -1, -1, -2], y: [Number.NaN, Infinity, Infinity, -Infinity, Number.NaN] }, (t) =>
      present(t.x).pow(present(t.y)),
    );
    expect([...powers.value]).toEqual([1, 1, 1, 1, Number.NaN]);
    expect(powers.error[0]).toBe(0);
  });
});

describe("positions", () => {
  const third = Math.fround(1 / 3);
  /** e⁰, 1 give or take. */
  const about = (x: Tensor): Tensor => x.exp();
  const positionsOf = (x: readonly number[], of: (x: Tensor) => Tensor): readonly (readonly [number, number])[] => {
    const { low, high } = bounded({ x }, (tensors) => of(present(tensors.x)).cast("float32"));
    return Array.from(low, (least, i) => [least, high[i] ?? Number.NaN]);
  };

  it("are certain where ranges are apart, of exact ties the first", () => {
    expect(positionsOf([1, 3, 2], (x) => about(x).argmax(0, true))).toEqual([[1, 1]]);
    expect(positionsOf([3, 1, 3], (x) => x.argmax(0, true))).toEqual([[0, 0]]);
    expect(positionsOf([3, 1, 1], (x) => x.argmin(0, true))).toEqual([[1, 1]]);
    expect(positionsOf([2, 3, 1], (x) => about(x).argsort(0))).toEqual([
      [2, 2],
      [0, 0],
      [1, 1],
    ]);
    expect(positionsOf([1, 2, 1], (x) => x.argsort(0, { descending: true }))).toEqual([
      [1, 1],
      [0, 0],
      [2, 2],
    ]);
  });

  it("are all that can be where ranges overlap, unless the numbers are made alike", () => {
    // 1 and 1 give or take; -5 is far away.
    const mixed = (x: Tensor): Tensor => x.equal(0).where(about(x), x);
    expect(positionsOf([0, -5, 1], (x) => mixed(x).argmax(0, true))).toEqual([[0, 2]]);
    expect(positionsOf([0, -5, 1], (x) => mixed(x).argsort(0))).toEqual([
      [1, 1],
      [0, 2],
      [0, 2],
    ]);
    const product = (x: Tensor): Tensor => x.mul(third);
    expect(positionsOf([third, third], (x) => product(x).argmax(0, true))).toEqual([[0, 0]]);
    expect(positionsOf([third, third], (x) => product(x).argsort(0, { descending: true }))).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it("are past the end of what holds NaN, and perhaps there of what may", () => {
    expect(positionsOf([1, Number.NaN, 3], (x) => x.argmax(0, true))).toEqual([[3, 3]]);
    const root = (x: Tensor): Tensor => about(x).sub(1).sqrt();
    expect(positionsOf([0, 1], (x) => root(x).argmax(0, true))).toEqual([[1, 2]]);
    expect(positionsOf([Number.NaN, 1, Infinity], (x) => x.argsort(0))).toEqual([
      [1, 1],
      [0, 0],
      [2, 2],
    ]);
  });

  it("choose what they are certain of, and else any of those that they can be", () => {
    const of = (x: readonly number[], y: readonly number[]): Bounded =>
      bounded({ x, y }, (t) =>
        present(t.y).gather(
          0,
          present(t.x)
            .equal(0)
            .where(about(present(t.x)), present(t.x))
            .argmax(0, true),
        ),
      );
    expect(of([2, 5, 3], [7, third, 9])).toMatchObject({ low: Float64Array.of(third), high: Float64Array.of(third) });
    // Position 1 lies between 0 and 2, and cannot be.
    expect(of([0, -5, 1], [7, 100, 9])).toMatchObject({ low: Float64Array.of(7), high: Float64Array.of(9) });
  });

  it("give and drop where they are outside", () => {
    const shifted = (x: Tensor): Tensor => x.iota(0).add(1);
    const { value, error } = bounded({ x: [5, 6, 7] }, ({ x }) => present(x).gather(0, shifted(present(x))));
    expect([[...value], [...error]]).toEqual([
      [6, 7, 0],
      [0, 0, 0],
    ]);
    const dropped = bounded({ x: [5, 6, 7] }, ({ x }) => present(x).scatterAdd(0, shifted(present(x)), 3));
    expect([[...dropped.value], [...dropped.error]]).toEqual([
      [0, 5, 6],
      [0, 0, 0],
    ]);
  });

  it("add up what may arrive", () => {
    const { low, high } = bounded({ x: [0, -5, 1], y: [4] }, ({ x, y }) => {
      const mixed = present(x)
        .equal(0)
        .where(about(present(x)), present(x));
      return present(y).scatterAdd(0, mixed.argmax(0, true), 3);
    });
    expect([[...low], [...high]]).toEqual([
      [0, 0, 0],
      [4, 0, 4],
    ]);
  });
});

describe("arrangements", () => {
  it("keep every range", () => {
    const square = [
      [1, 2],
      [3, 4],
    ];
    const of = (build: (x: Tensor) => Tensor): readonly (readonly number[])[] => {
      const { value, low, high } = bounded({ x: square }, ({ x }) => build(present(x).exp().div(3)));
      const plain = bounded({ x: square }, ({ x }) => present(x).exp().div(3));
      const widths = new Map(Array.from(plain.value, (v, i) => [v, [plain.low[i], plain.high[i]]]));
      return Array.from(value, (v, i) => {
        expect(v === 0 ? [0, 0] : widths.get(v)).toEqual([low[i], high[i]]);
        return v === 0 ? [0] : [1 + [...plain.value].indexOf(v)];
      });
    };
    const order = (build: (x: Tensor) => Tensor): readonly number[] => of(build).flat();
    expect(order((x) => x.flip(0))).toEqual([3, 4, 1, 2]);
    expect(order((x) => x.slice(1, 1, 1))).toEqual([2, 4]);
    expect(order((x) => x.pad(1, 3, 4, -2))).toEqual([0, 2, 0, 1, 0, 4, 0, 3]);
    expect(order((x) => concat([x, x.flip(1)], 1))).toEqual([1, 2, 2, 1, 3, 4, 4, 3]);
    expect(order((x) => x.transpose().flatten())).toEqual([1, 3, 2, 4]);
  });

  it("of products may have axes in front, which broadcast", () => {
    const { shape, value, error } = bounded(
      {
        x: [
          [1, 2],
          [3, 4],
        ],
      },
      ({ x }) => stack([present(x), present(x).mul(2)], 0).matmul(present(x)),
    );
    expect([shape, [...value], [...error]]).toEqual([[2, 2, 2], [7, 10, 15, 22, 14, 20, 30, 44], Array(8).fill(0)]);
  });
});

describe("recursions", () => {
  it("of sums lose what sums in any order lose, a step at a time", () => {
    const tenth = Math.fround(0.1);
    const { value, error } = bounded({ x: [tenth, tenth, tenth, tenth] }, ({ x }) => present(x).cumsum(0));
    const unit = 2 ** -24;
    expect([...value].map((v, k) => (error[k] ?? NaN) <= k * unit * v * 1.001)).toEqual([true, true, true, true]);
    const exclusive = bounded({ x: [1, 2, 4] }, ({ x }) => present(x).cumsum(0, { exclusive: true, reverse: true }));
    expect([[...exclusive.value], [...exclusive.error]]).toEqual([
      [6, 4, 0],
      [0, 0, 0],
    ]);
  });

  it("carry ranges from step to step, several at once", () => {
    const run = (of: "total" | "product" | "seen"): Bounded =>
      bounded({ x: [1, 2, 4], y: [3] }, ({ x, y }) => {
        const { carry, collected } = scan(
          { init: { total: present(y).sum(), product: present(y).sum() }, sequences: { v: present(x) } },
          ({ total, product }, { v }) => ({
            carry: { total: total.add(v), product: product.mul(v).exp().log() },
            collect: { seen: total },
          }),
        );
        return of === "seen" ? collected.seen : carry[of];
      });
    expect([[...run("total").value], [...run("total").error]]).toEqual([[10], [0]]);
    expect([...run("seen").value]).toEqual([3, 4, 6]);
    const product = run("product");
    expect(product.value[0]).toBeCloseTo(24, 12);
    expect(product.error[0]).toBeGreaterThan(1e-7);
    expect(product.error[0]).toBeLessThan(1e-3);
  });

  it("do not take carries of equal ranges for equal numbers", () => {
    const { low, high } = bounded({ x: [0, 0], y: [0, 0] }, ({ x, y }) => {
      const start = present(x).exp().mul(present(y).exp());
      const { carry } = scan({ init: { h: start }, length: 1 }, ({ h }) => ({
        carry: { h: h.equal(h.amax(0)).where(1, 0).cast("float32") },
      }));
      return carry.h;
    });
    expect([[...low], [...high]]).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

describe("functions that are defined elsewhere", () => {
  it("are bounded by their own definition: its ends, its domain, its budget", () => {
    const of = (x: number, f: (x: Tensor) => Tensor): Bounded => bounded({ x: [x] }, (t) => f(present(t.x)));
    for (const f of [
      (x: Tensor) => x.tanh(),
      (x: Tensor) => x.atan(),
      (x: Tensor) => x.erf(),
      (x: Tensor) => x.expm1(),
    ]) {
      const { value, error } = of(0.5, f);
      expect((error[0] ?? NaN) / (Math.abs(value[0] ?? NaN) * 2 ** -24)).toBeCloseTo(8, 1);
    }
    expect(of(-0.25, (x) => x.exp().sub(1.5).floor())).toMatchObject({
      value: Float64Array.of(-1),
      error: Float64Array.of(0),
    });
    expect([...of(0, (x) => x.exp().floor()).low]).toEqual([0]);
    expect(of(-2, (x) => x.exp().sub(3).log1p())).toMatchObject({ low: Float64Array.of(Infinity) });
    const edge = of(0, (x) => x.exp().sub(2).log1p());
    expect([edge.low[0], edge.nan[0]]).toEqual([-Infinity, 1]);
  });
});
