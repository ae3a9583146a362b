import { describe, expect, it } from "vitest";
import { concat, scan, stack, type Tensor } from "../src/index.js";
import { evaluateLoss, expression } from "./support/losses.js";

/** What an expression of x gives. */
function value(build: (x: Tensor) => Tensor, shape: readonly number[], data: readonly number[]): number[] {
  const spec = expression("trial", (x) => build(x))({ reduction: "none" });
  const [result] = evaluateLoss(spec, { x: { shape, data }, y: { shape: shape.map(() => 1), data: [0] } }).results;
  return [...(result?.data ?? [])];
}

const [row, matrix] = [
  [1, 4],
  [2, 3],
];

describe("new positions", () => {
  it("argmax and argmin are the first, and past the end where there is a NaN", () => {
    const at = (data: number[]): number[] => value((x) => x.argmax(1).cast("float64"), row ?? [], data);
    expect(at([1, 3, 3, 2])).toEqual([1]);
    expect(at([1, NaN, 3, 2])).toEqual([4]);
    expect(value((x) => x.argmin(1).cast("float64"), [1, 4], [1, 0, 0, 2])).toEqual([1]);
  });

  it("argsort is stable in both directions, with NaN as infinity", () => {
    const order = (descending: boolean, data: number[]): number[] =>
      value((x) => x.argsort(1, { descending }).cast("float64"), row ?? [], data);
    expect(order(false, [2, 1, 2, 1])).toEqual([1, 3, 0, 2]);
    expect(order(true, [2, 1, 2, 1])).toEqual([0, 2, 1, 3]);
    expect(order(false, [NaN, 1, Infinity, -Infinity])).toEqual([3, 1, 0, 2]);
  });

  it("gather gives 0 outside the axis, and scatterAdd drops what goes there", () => {
    const shifted = (x: Tensor): Tensor => x.iota(1).unsqueeze(0).add(-1);
    expect(value((x) => x.gather(1, shifted(x)), row ?? [], [5, 6, 7, 8])).toEqual([0, 5, 6, 7]);
    expect(value((x) => x.scatterAdd(1, shifted(x), 4), row ?? [], [5, 6, 7, 8])).toEqual([6, 7, 8, 0]);
    expect(value((x) => x.scatterAdd(1, x.iota(1).minimum(1).unsqueeze(0), 3), [1, 4], [5, 6, 7, 8])).toEqual([
      5, 21, 0,
    ]);
  });

  it("take picks whole rows, and several times", () => {
    const rows = (x: Tensor): Tensor => x.take(0, x.iota(1).squeeze([]).minimum(1));
    expect(value(rows, matrix ?? [], [1, 2, 3, 4, 5, 6])).toEqual([1, 2, 3, 4, 5, 6, 4, 5, 6]);
  });
});

describe("integers", () => {
  it("of floats are integers, whatever the float", () => {
    const cast = (data: number[]): number[] => value((x) => x.cast("int32").cast("float64"), row ?? [], data);
    expect(cast([-2.7, NaN, 1e20, -Infinity])).toEqual([-2, 0, 2 ** 31 - 1, -(2 ** 31)]);
    const constant = (x: Tensor): Tensor => x.count().mul(0).add(NaN).cast("int32").cast("float64");
    expect(value(constant, row ?? [], [1, 2, 3, 4])).toEqual([0]);
  });
});

describe("new arrangements", () => {
  it("slice takes steps, forwards and back; pad puts them there again", () => {
    expect(value((x) => x.slice(1, 1, 2, 2), [1, 4], [1, 2, 3, 4])).toEqual([2, 4]);
    expect(value((x) => x.flip(1), [1, 4], [1, 2, 3, 4])).toEqual([4, 3, 2, 1]);
    expect(value((x) => x.flip(1), [1, 0], [])).toEqual([]);
    expect(value((x) => x.pad(1, 1, 8, 2), [1, 4], [1, 2, 3, 4])).toEqual([0, 1, 0, 2, 0, 3, 0, 4]);
    expect(value((x) => x.pad(1, 3, 4, -1), [1, 4], [1, 2, 3, 4])).toEqual([4, 3, 2, 1]);
  });

  it("concat and stack put tensors together along old and new axes", () => {
    expect(value((x) => concat([x, x.neg()], 1), [2, 1], [1, 2])).toEqual([1, -1, 2, -2]);
    expect(value((x) => stack([x, x.neg()], 0), [2, 1], [1, 2])).toEqual([1, 2, -1, -2]);
  });

  it("flatten and reshape keep the order", () => {
    expect(value((x) => x.flatten(), matrix ?? [], [1, 2, 3, 4, 5, 6])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(value((x) => x.transpose().flatten(), matrix ?? [], [1, 2, 3, 4, 5, 6])).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it("matmul takes axes in front, which broadcast", () => {
    const twice = (x: Tensor): Tensor => stack([x, x.mul(2)], 0).matmul(x.transpose());
    expect(value(twice, [1, 2], [1, 2])).toEqual([5, 10]);
  });
});

describe("new numbers", () => {
  // torch.special and torch.tanh in float64
  it.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    [
      "erf",
      (x) => x.erf(),
      [-6.5, -1, 0, 0.5, 2.9, 3.1],
      [-1, -0.8427007929497149, 0, 0.5204998778130465, 0.9999589021219005, 0.9999883513426328],
    ],
    ["log1p", (x) => x.log1p(), [-1, 1e-20, 1], [-Infinity, 1e-20, 0.6931471805599453]],
    ["expm1", (x) => x.expm1(), [-Infinity, 1e-20, 1], [-1, 1e-20, 1.718281828459045]],
    ["tanh", (x) => x.tanh(), [-Infinity, 0.5, 20], [-1, 0.46211715726000974, 1]],
    ["atan", (x) => x.atan(), [-Infinity, 1], [-1.5707963267948966, 0.7853981633974483]],
    ["floor", (x) => x.floor(), [-0.5, 0.5, 2], [-1, 0, 2]],
    ["cumsum", (x) => x.cumsum(0), [1, 2, 3], [1, 3, 6]],
    ["cumsum without itself", (x) => x.cumsum(0, { exclusive: true }), [1, 2, 3], [0, 1, 3]],
    ["cumsum from the end", (x) => x.cumsum(0, { reverse: true }), [1, 2, 3], [6, 5, 3]],
  ])("%s", (_, build, data, want) => {
    const got = value(build, [data.length], data);
    expect(got).toHaveLength(want.length);
    want.forEach((wanted, i) => {
      if (!Number.isFinite(wanted)) expect(got[i]).toBe(wanted);
      else expect(Math.abs((got[i] ?? NaN) - wanted)).toBeLessThanOrEqual(4 * 2 ** -52 * Math.abs(wanted));
    });
  });

  it("a scan hands its carry on, collects, and goes either way", () => {
    const sums = (reverse: boolean) => (x: Tensor) =>
      scan({ init: { s: x.sum(0).mul(0) }, sequences: { x }, reverse }, ({ s }, { x: part }) => ({
        carry: { s: s.mul(2).add(part) },
        collect: { s },
      })).collected.s;
    expect(value(sums(false), [3], [1, 2, 3])).toEqual([0, 1, 4]);
    expect(value(sums(true), [3], [1, 2, 3])).toEqual([8, 3, 0]);
  });
});
