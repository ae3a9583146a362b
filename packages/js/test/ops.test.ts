import { erf, float, opTable, type Tensor, type UnaryOp } from "@losses/core";
import { describe, expect, it } from "vitest";
import { createBackendSync } from "../src/index.js";
import { elementAt, positions, type Plain } from "./reference.js";
import {
  actual,
  expectAgreement,
  expectClose,
  expectDifferences,
  functionOf,
  numbers,
  wasmVariants,
} from "./support.js";

const special = [Number.NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -2.5, 3, 710, -710, 1e-300, 1e300];
const one = { x: float(["~d"], "x") };
const two = { x: float(["~d"], "x"), y: float(["~d"], "y") };

function plain(data: readonly number[]): Plain {
  return { shape: [data.length], data };
}

/** Float32 of every sign and exponent, NaN and ±∞ among them: `count` each, at reproducible significands. */
function everyExponent(count: number): readonly number[] {
  const bits = Uint32Array.from({ length: 512 * count }, (_, i) => {
    const significand = i % count === 0 ? 0 : Math.imul(i, 0x9e3779b1) >>> 9;
    return (Math.floor(i / count) << 23) | significand;
  });
  return [...new Float32Array(bits.buffer)];
}

/** Whether float32 `got` is within so many units in the last place of `want`; 0 has a sign. */
function isWithin(ulp: number, got: number, want: number): boolean {
  // One unit in the last place of float32, subnormals included
  const unit = Math.max(2 ** -149, 2 ** (Math.floor(Math.log2(Math.abs(want))) - 23));
  const rounded = Math.fround(want);
  if (Object.is(got, rounded)) return true;
  return (got !== 0 || rounded !== 0) && Math.abs(got - want) <= Math.max(ulp, 0.5) * unit;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));

const unary: Readonly<Record<string, readonly [(x: Tensor) => Tensor, (x: number) => number]>> = {
  neg: [(x) => x.neg(), (x) => -x],
  abs: [(x) => x.abs(), Math.abs],
  sign: [(x) => x.sign(), (x) => Number(x > 0) - Number(x < 0)],
  floor: [(x) => x.floor(), Math.floor],
  exp: [(x) => x.exp(), Math.exp],
  expm1: [(x) => x.expm1(), Math.expm1],
  log: [(x) => x.log(), Math.log],
  log1p: [(x) => x.log1p(), Math.log1p],
  sqrt: [(x) => x.sqrt(), Math.sqrt],
  tanh: [(x) => x.tanh(), Math.tanh],
  atan: [(x) => x.atan(), Math.atan],
  // Held to torch in the tests of core
  erf: [(x) => x.erf(), erf],
  // -0 of -0, as PyTorch
  relu: [(x) => x.relu(), (x) => (x < 0 ? 0 : x)],
  sigmoid: [(x) => x.sigmoid(), sigmoid],
  softplus: [(x) => x.softplus(), softplus],
  clampMin: [(x) => x.clampMin(0.25), (x) => Math.max(x, 0.25)],
  clampMax: [(x) => x.clampMax(0.25), (x) => Math.min(x, 0.25)],
  "cast to int32": [
    (x) => x.clampMin(-9).clampMax(9).cast("int32").cast(x.dtype),
    (x) => Math.trunc(Math.max(-9, Math.min(9, x))) || 0,
  ],
  "cast to bool": [(x) => x.cast("bool").cast(x.dtype), (x) => Number(x !== 0)],
  not: [(x) => x.less(0).not().cast(x.dtype), (x) => Number(!(x < 0))],
};

const pow = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y);

const binary: Readonly<Record<string, readonly [(x: Tensor, y: Tensor) => Tensor, (x: number, y: number) => number]>> =
  {
    add: [(x, y) => x.add(y), (x, y) => x + y],
    sub: [(x, y) => x.sub(y), (x, y) => x - y],
    mul: [(x, y) => x.mul(y), (x, y) => x * y],
    div: [(x, y) => x.div(y), (x, y) => x / y],
    pow: [(x, y) => x.pow(y), pow],
    maximum: [(x, y) => x.maximum(y), (x, y) => Math.max(x, y)],
    minimum: [(x, y) => x.minimum(y), (x, y) => Math.min(x, y)],
    equal: [(x, y) => x.equal(y).cast(x.dtype), (x, y) => Number(x === y)],
    less: [(x, y) => x.less(y).cast(x.dtype), (x, y) => Number(x < y)],
    lessOrEqual: [(x, y) => x.lessOrEqual(y).cast(x.dtype), (x, y) => Number(x <= y)],
    and: [(x, y) => x.less(1).and(y.less(1)).cast(x.dtype), (x, y) => Number(x < 1 && y < 1)],
    or: [(x, y) => x.less(1).or(y.less(1)).cast(x.dtype), (x, y) => Number(x < 1 || y < 1)],
    where: [(x, y) => x.less(y).where(x, y), (x, y) => (x < y ? x : y)],
  };

describe("element-wise ops", () => {
  it.each(Object.entries(unary))("%s on ordinary and special numbers", (_, [op, reference]) => {
    const data = [...special, ...numbers([37]).data, ...numbers([9]).data.map((x) => 30 * x)];
    const spec = functionOf(one, ({ x }) => op(x as Tensor));
    const [got] = actual(spec, { x: plain(data) }, false);
    expectClose(got as Plain, plain(data.map(reference)), 1e-15);
  });

  const isOp = (name: string): name is UnaryOp => Object.hasOwn(opTable, name) && name !== "not";

  it.each(Object.entries(unary).filter(([name]) => isOp(name)))(
    "%s in WebAssembly, with and without relaxed SIMD, within its error budget",
    (name, [op, reference]) => {
      const wide = [1e-45, -1e-45, 1e-40, -1e-40, 1e-38, 3e38, -3e38, 88, 89, -87, -104, 1e-4, -1e-4, 16777215.5];
      const lines = [1, 0.1, 1e-3, 30].flatMap((scale) => numbers([131], scale).data.map((x) => scale * x));
      const data = [...special, ...wide, ...lines, ...everyExponent(16)].map(Math.fround);
      const spec = functionOf(one, ({ x }) => op(x as Tensor));
      const { ulp } = opTable[name as UnaryOp];
      for (const [level, backend] of wasmVariants) {
        const [got] = actual(spec, { x: plain(data) }, false, "float32", backend);
        const wrong = data.flatMap((x, i) => {
          const [y, want] = [got?.data[i] ?? Number.NaN, reference(x)];
          return isWithin(ulp, y, want) ? [] : [`${level}: ${name}(${x}): got ${y}, expected ${Math.fround(want)}`];
        });
        expect(wrong).toEqual([]);
      }
    },
  );

  it.each(Object.entries(binary))("%s on all pairs of special numbers", (_, [op, reference]) => {
    const pairs = special.flatMap((x) => special.map((y) => [x, y] as const));
    const spec = functionOf(two, ({ x, y }) => op(x as Tensor, y as Tensor));
    const feeds = { x: plain(pairs.map(([x]) => x)), y: plain(pairs.map(([, y]) => y)) };
    const [got] = actual(spec, feeds, false);
    expectClose(got as Plain, plain(pairs.map(([x, y]) => reference(x, y))), 1e-15);
  });

  it("pow in WebAssembly, with and without relaxed SIMD, within its error budget", () => {
    const kinks = [...special, 2, -2, -3, 1.5, 16777215, 16777217, 1e-45, -1e-45, 3e38, -3e38].map(Math.fround);
    const pairs = kinks.flatMap((x) => kinks.map((y) => [x, y] as const));
    everyExponent(64).forEach((x, i) => {
      // Exponents that bring results of every size, and a few beyond; integers for what is negative
      const y = (((i * 0.618034) % 1) * 320 - 160) / (Math.log2(Math.abs(x)) || 1);
      pairs.push([x, Math.fround(x < 0 ? Math.round(y) : y)]);
    });
    const spec = functionOf(two, ({ x, y }) => (x as Tensor).pow(y as Tensor));
    const feeds = { x: plain(pairs.map(([x]) => x)), y: plain(pairs.map(([, y]) => y)) };
    for (const [level, backend] of wasmVariants) {
      const [got] = actual(spec, feeds, false, "float32", backend);
      const wrong = pairs.flatMap(([x, y], i) => {
        const [result, want] = [got?.data[i] ?? Number.NaN, pow(x, y)];
        return isWithin(opTable.pow.ulp, result, want) ? [] : [`${level}: ${x} ** ${y}: got ${result}, not ${want}`];
      });
      expect(wrong).toEqual([]);
    }
  });

  const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
    [
      [3, 4],
      [3, 4],
    ],
    [
      [3, 4],
      [3, 1],
    ],
    [
      [3, 4],
      [1, 4],
    ],
    [
      [3, 4],
      [1, 1],
    ],
    [
      [3, 1],
      [1, 4],
    ],
    [
      [2, 3, 4],
      [2, 1, 4],
    ],
    [
      [2, 3, 4],
      [1, 3, 1],
    ],
    [
      [2, 1, 4],
      [1, 3, 1],
    ],
    [
      [1, 1],
      [1, 1],
    ],
    [
      [0, 4],
      [1, 4],
    ],
    [
      [3, 0],
      [3, 1],
    ],
    [[], []],
    [
      [50, 60],
      [50, 1],
    ],
    [
      [3, 2000],
      [1, 2000],
    ],
    [
      [3, 2000],
      [3, 1],
    ],
  ];

  it.each(shapes)("broadcasts %j with %j", (xShape, yShape) => {
    const x = numbers(xShape, 1);
    const y = numbers(yShape, 2);
    const shape = xShape.map((dim, axis) => (dim === 1 ? (yShape[axis] ?? 1) : dim));
    const data = positions(shape).map((position) => elementAt(x, position) - 2 * elementAt(y, position));
    const [got] = actual(
      functionOf(two, (t) => (t.x as Tensor).sub((t.y as Tensor).mul(2))),
      { x, y },
      false,
    );
    expectClose(got as Plain, { shape, data }, 1e-15);
    expectAgreement(
      functionOf(two, (t) => (t.x as Tensor).mul((t.y as Tensor).exp())),
      { x, y },
    );
  });

  const smooth = numbers([2, 3], 3);
  const positive = { shape: smooth.shape, data: smooth.data.map((x) => Math.abs(x) + 0.3) };

  it.each(Object.entries(unary))("%s has the derivative that differences show", (name, [op]) => {
    const weighted = functionOf(one, ({ x }) => op(x as Tensor).mul(op((x as Tensor).mul(0.7))));
    expectDifferences(weighted, { x: ["log", "log1p", "sqrt"].includes(name) ? positive : smooth });
  });

  it.each(Object.entries(binary))("%s has the derivatives that differences show, broadcast too", (name, [op]) => {
    const spec = functionOf(two, ({ x, y }) => op(x as Tensor, y as Tensor).mul((x as Tensor).add(y as Tensor)));
    const x = name === "pow" ? positive : smooth;
    expectDifferences(spec, { x, y: numbers([2, 3], 5) });
    expectDifferences(spec, { x, y: numbers([1, 3], 5) });
  });
});

describe("integers", () => {
  it("stay integers and wrap around", () => {
    const spec = functionOf(one, ({ x }) => {
      const i = (x as Tensor).cast("int32");
      return i
        .mul(i)
        .add(i.sub(7))
        .neg()
        .cast((x as Tensor).dtype);
    });
    const data = [0, 3, -8, 65537, 2 ** 30];
    const wrapped = data.map((x) => -(Math.imul(x, x) + ((x - 7) | 0)) | 0);
    expect(actual(spec, { x: plain(data) }, false)[0]?.data).toEqual(wrapped.map((x) => x || 0));
  });

  it.each(["scalar", "wasm"] as const)("of floats are the nearest that there are, and 0 of NaN: %s", (engine) => {
    const spec = functionOf(one, ({ x }) => (x as Tensor).cast("int32").cast((x as Tensor).dtype));
    const data = [-2.7, 2.7, Number.NaN, 1e20, -Infinity, -0.5];
    const [got] = actual(spec, { x: plain(data) }, false, "float32", createBackendSync({ engine }));
    expect(got?.data.map((x) => x || 0)).toEqual([-2, 2, 0, 2 ** 31, -(2 ** 31), 0]);
  });

  it("count along an axis", () => {
    const spec = functionOf({ x: float(["N", "C"], "x") }, (t) =>
      (t.x as Tensor)
        .iota(0)
        .mul(10)
        .add((t.x as Tensor).iota(1)),
    );
    expect(actual(spec, { x: numbers([3, 2]) }, false)[0]?.data).toEqual([0, 1, 10, 11, 20, 21]);
  });
});
