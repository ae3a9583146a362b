import { float, type Tensor } from "@losses/core";
import { describe, expect, it } from "vitest";
import type { Plain } from "./reference.js";
import { actual, expectAgreement, expectDifferences, functionOf, numbers, replaced } from "./support.js";

const cube = { x: float(["A", "B", "C"], "x") };
const equalSides = { x: float(["A", "A", "A"], "x") };
const square = { x: float(["A", "B"], "x") };

const reductions: Readonly<Record<string, (x: Tensor, axes: readonly number[], keepdims: boolean) => Tensor>> = {
  sum: (x, axes, keepdims) => x.sum(axes, keepdims),
  amax: (x, axes, keepdims) => x.amax(axes, keepdims),
  amin: (x, axes, keepdims) => x.amin(axes, keepdims),
  mean: (x, axes, keepdims) => x.mean(axes, keepdims),
};

const alongOne: Readonly<Record<string, (x: Tensor, axis: number) => Tensor>> = {
  logSumExp: (x, axis) => x.logSumExp(axis),
  logSumExpKept: (x, axis) => x.logSumExp(axis, true),
  softmax: (x, axis) => x.softmax(axis),
  logSoftmax: (x, axis) => x.logSoftmax(axis),
  max: (x, axis) => x.max(axis),
  min: (x, axis) => x.min(axis, true),
};

const axesOfCube = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];
const shapes = [
  [2, 3, 4],
  [1, 3, 1],
  [3, 1, 5],
  [7, 2, 900],
  [2, 40, 70],
];

describe("reductions", () => {
  it.each(Object.entries(reductions))("%s over every set of axes", (_, op) => {
    for (const axes of axesOfCube) {
      for (const shape of shapes) {
        for (const keepdims of [false, true]) {
          const spec = functionOf(cube, ({ x }) => op((x as Tensor).mul(3), axes, keepdims));
          expectAgreement(spec, { x: numbers(shape) }, { gradients: shape[2] !== 900 });
        }
      }
    }
  });

  it.each(Object.entries(reductions))("%s of a transposed operand", (_, op) => {
    for (const axes of axesOfCube) {
      const moved = functionOf(cube, ({ x }) => op((x as Tensor).transpose([2, 0, 1]), axes, false));
      expectAgreement(moved, { x: numbers([4, 3, 5]) });
      const computed = functionOf(equalSides, ({ x }) => {
        const e = (x as Tensor).exp();
        return op(e.transpose([1, 2, 0]).mul(e), axes, false);
      });
      expectAgreement(computed, { x: numbers([3, 3, 3]) });
    }
  });

  it.each(Object.entries(alongOne))("%s along every axis, with its derivative", (_, op) => {
    for (const axis of [0, 1, 2]) {
      const spec = functionOf(cube, ({ x }) => op(x as Tensor, axis).mul(op(x as Tensor, axis)));
      for (const shape of shapes.slice(0, 3)) expectAgreement(spec, { x: numbers(shape) });
      expectDifferences(spec, { x: numbers([2, 3, 2]) });
    }
  });

  it("no elements sum to 0, and have no largest and no smallest", () => {
    const none: Plain = { shape: [3, 0], data: [] };
    const over = (op: (x: Tensor) => Tensor): readonly number[] | undefined =>
      actual(
        functionOf(square, ({ x }) => op(x as Tensor)),
        { x: none },
        false,
      )[0]?.data;
    expect(over((x) => x.sum(1))).toEqual([0, 0, 0]);
    expect(over((x) => x.amax(1))).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(over((x) => x.amin(1))).toEqual([Infinity, Infinity, Infinity]);
    expect(over((x) => x.logSumExp(1))).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(over((x) => x.sum(0))).toEqual([]);
    expect(over((x) => x.sum())).toEqual([0]);
    expect(over((x) => x.mean())).toEqual([Number.NaN]);
    expect(over((x) => x.add(1))).toEqual([]);
  });

  it("an empty batch has sum 0 and empty gradients", () => {
    const spec = functionOf(square, ({ x }) =>
      (x as Tensor)
        .softmax(1)
        .mul(x as Tensor)
        .sum(),
    );
    const [value, gradient] = actual(spec, { x: { shape: [0, 4], data: [] } }, true);
    expect(value?.data).toEqual([0]);
    expect(gradient).toEqual({ shape: [0, 4], data: [] });
    const columns = functionOf(square, ({ x }) => (x as Tensor).amax(0).add((x as Tensor).sum(0)));
    expect(actual(columns, { x: { shape: [0, 2], data: [] } }, false)[0]?.data).toEqual([-Infinity, -Infinity]);
  });

  it("NaN is the largest and the smallest, wherever it stands", () => {
    for (const at of [0, 1, 2]) {
      const data = replaced([1, 2, 3], at, Number.NaN);
      for (const axis of [0, 1]) {
        const x: Plain = { shape: axis === 0 ? [3, 1] : [1, 3], data };
        const spec = functionOf(square, (t) => (t.x as Tensor).amax(axis).add((t.x as Tensor).amin(axis)));
        expect(actual(spec, { x }, false)[0]?.data).toEqual([Number.NaN]);
        const wide: Plain = { shape: [3, 2], data: data.flatMap((item) => [item, 5]) };
        const columns = functionOf(square, (t) => (t.x as Tensor).amax(0));
        expect(actual(columns, { x: wide }, false)[0]?.data).toEqual([Number.NaN, 5]);
      }
    }
  });

  it("infinities go through log-sum-exp and softmax as in PyTorch", () => {
    const inf = Infinity;
    const x: Plain = { shape: [4, 2], data: [-inf, -inf, -inf, 1, inf, 1, Number.NaN, 1] };
    const of = (op: (x: Tensor) => Tensor): readonly number[] | undefined =>
      actual(
        functionOf(square, (t) => op(t.x as Tensor)),
        { x },
        false,
      )[0]?.data;
    expect(of((t) => t.logSumExp(1))).toEqual([-inf, 1, inf, Number.NaN]);
    const nan = Number.NaN;
    expect(of((t) => t.softmax(1))).toEqual([nan, nan, 0, 1, nan, nan, nan, nan]);
    expect(of((t) => t.logSoftmax(1))).toEqual([nan, nan, -inf, 0, nan, nan, nan, nan]);
  });

  it("sums of 4 million float32 numbers keep their digits", () => {
    const data = new Float32Array(1 << 22).fill(0.1);
    const spec = functionOf({ x: float(["N"], "x") }, ({ x }) => (x as Tensor).sum());
    const sum = actual(spec, { x: { shape: [data.length], data: data as unknown as number[] } }, false, "float32")[0]
      ?.data[0];
    const exact = data.length * Math.fround(0.1);
    expect(Math.abs((sum ?? 0) - exact) / exact).toBeLessThan(1e-7);
  });
});

describe("views", () => {
  it("outputs that are only views of an input, a number or a result", () => {
    const x = numbers([2, 3, 4]);
    expectAgreement(
      functionOf(cube, (t) => (t.x as Tensor).transpose([1, 2, 0])),
      { x },
    );
    expectAgreement(
      functionOf(cube, (t) => (t.x as Tensor).exp().transpose()),
      { x },
    );
    expectAgreement(
      functionOf(cube, (t) => (t.x as Tensor).detach()),
      { x },
    );
    expectAgreement(
      functionOf(cube, (t) => (t.x as Tensor).sum([1], true).expand((t.x as Tensor).shape)),
      { x },
    );
    expectAgreement(
      functionOf(cube, (t) => (t.x as Tensor).sum(1).unsqueeze([0, 3]).mul(2).squeeze([0])),
      { x },
    );
  });

  it("values read in two orders", () => {
    const spec = functionOf({ x: float(["N", "N"], "x") }, ({ x }) => {
      const e = (x as Tensor).exp();
      return e.mul(e.transpose()).sub(e.sum(0)).add(e.sum(1, true)).add(e.sum(1));
    });
    for (const n of [1, 2, 70]) expectAgreement(spec, { x: numbers([n, n]) }, { tolerance: 1e-11 });
  });
});

describe("matmul", () => {
  const pair = { x: float(["N", "K"], "x"), y: float(["K", "M"], "y") };
  const sizes = [
    [1, 1, 1],
    [4, 4, 4],
    [5, 3, 6],
    [0, 3, 2],
    [3, 0, 2],
    [67, 300, 9],
    [1, 7, 13],
  ];

  it.each(sizes)("(%i, %i) x (.., %i)", (n = 0, k = 0, m = 0) => {
    const feeds = { x: numbers([n, k], 1), y: numbers([k, m], 2) };
    const product = functionOf(pair, ({ x, y }) => (x as Tensor).matmul(y as Tensor));
    expectAgreement(product, feeds, { tolerance: 1e-11 });
    const busy = functionOf(pair, ({ x, y }) => {
      const scores = (x as Tensor).mul(2).matmul((y as Tensor).transpose().exp().transpose());
      return scores
        .transpose()
        .matmul(x as Tensor)
        .add(scores.sum());
    });
    expectAgreement(busy, feeds, { gradients: n < 60, tolerance: 1e-10 });
  });

  it("has the derivatives that differences show", () => {
    const spec = functionOf(pair, ({ x, y }) => (x as Tensor).matmul(y as Tensor).square());
    expectDifferences(spec, { x: numbers([2, 3], 1), y: numbers([3, 2], 2) }, 1e-5);
  });
});
