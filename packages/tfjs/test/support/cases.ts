import type { DimSizes, OpAttributes, OpName } from "@losses/core";
import {
  elementwise,
  expand,
  logSumExp,
  matmul,
  max,
  min,
  plain,
  reduce,
  softplus,
  transpose,
  type Plain,
} from "./reference.js";

/** One application of an op and what it must give. */
export interface Case<K extends OpName = OpName> {
  readonly name: string;
  readonly attrs: OpAttributes[K];
  readonly operands: readonly Plain[];
  readonly expected: Plain;
  readonly sizes?: DimSizes;
  /** Error budget, where it is not the op's own. */
  readonly ulp?: number;
  /** The size of what is added and subtracted on the way, where the result may be much smaller. */
  readonly scale?: number;
}

const { NaN: nan } = Number;
const inf = Infinity;

/** Deterministic numbers in [-scale, scale). */
function noise(length: number, scale = 1, seed = 1): number[] {
  let state = seed * 2654435761;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(scale * (state / 2 ** 31 - 1));
  });
}

const kinks = [nan, inf, -inf, 0, -0, 1, -1, 0.5, -0.5, 88, -88, 104, -104, 1e-8, -1e-8, 1e-40, -1e-40, 3e38, -3e38];
const vector = plain([kinks.length], kinks);
/** Longer than any vector register and with a remainder, NaN at every place modulo 4. */
const long = plain(
  [131],
  [...noise(130, 3), nan].map((x, i) => (i % 29 === 0 ? nan : x)),
);
const wide = plain([131], noise(131, 60));
const empty = plain([0, 3], []);
const ints = plain([6], [0, 1, -1, 7, -123456789, 2147483647], "int32");
const bools = plain([4], [0, 1, 1, 0], "bool");
const matrix = plain([5, 7], noise(35, 2, 3));
const row = plain([7], noise(7, 2, 4));
const column = plain([5, 1], [1, 0, -0.5, 2, nan]);
const scalar = plain([], [0.5]);
const ties = plain([2, 4], [3, 3, 1, 3, -inf, -inf, -inf, -inf]);
const box = plain([2, 3, 4], noise(24, 4, 9));

function unary<K extends OpName>(
  compute: (x: number) => number,
  operands: readonly Plain[] = [vector, long, wide, empty, scalar],
  attrs = {} as OpAttributes[K],
  dtype?: Plain["dtype"],
): Case<K>[] {
  return operands.map((x) => ({
    name: `${JSON.stringify(attrs)} of ${x.dtype}[${x.shape.join()}]`,
    attrs,
    operands: [x],
    expected: elementwise([x], compute, dtype ?? x.dtype),
  }));
}

const floatPairs: readonly (readonly [Plain, Plain])[] = [
  [plain([kinks.length, 1], kinks), plain([1, kinks.length], kinks)],
  [
    long,
    plain(
      [131],
      [...noise(131, 3)].map((x, i) => (i % 31 === 3 ? nan : x)),
    ),
  ],
  [matrix, row],
  [row, matrix],
  [column, matrix],
  [matrix, scalar],
  [scalar, matrix],
  [scalar, scalar],
  [empty, plain([3], [1, 2, 3])],
  [plain([1, 1], [2]), plain([3, 1, 2], noise(6))],
];
const intPairs: readonly (readonly [Plain, Plain])[] = [
  [plain([3, 1], [1, 16777217, -5], "int32"), plain([3], [1, 16777216, 2147483647], "int32")],
  [ints, plain([], [7], "int32")],
  [plain([0], [], "int32"), plain([1], [1], "int32")],
];
const boolPairs: readonly (readonly [Plain, Plain])[] = [
  [plain([2, 1], [0, 1], "bool"), plain([1, 2], [0, 1], "bool")],
  [bools, plain([], [1], "bool")],
  [plain([0], [], "bool"), plain([], [1], "bool")],
];

function binary<K extends OpName>(
  compute: (x: number, y: number) => number,
  pairs: readonly (readonly [Plain, Plain])[],
  dtype?: "bool",
): Case<K>[] {
  return pairs.map(([x, y]) => ({
    name: `of ${x.dtype}[${x.shape.join()}] and [${y.shape.join()}]`,
    attrs: {} as OpAttributes[K],
    operands: [x, y],
    expected: elementwise([x, y], compute, dtype ?? x.dtype),
  }));
}

function choices(): Case<"where">[] {
  const sets: readonly (readonly [Plain, Plain, Plain])[] = [
    [plain([5, 1], [0, 1, 1, 0, 1], "bool"), matrix, plain([7], [nan, inf, -inf, 0, 1, 2, 3])],
    [plain([4], [0, 1, 1, 0], "bool"), scalar, plain([], [nan])],
    [plain([], [1], "bool"), matrix, scalar],
    [plain([4], [0, 1, 1, 0], "bool"), plain([], [7], "int32"), plain([4], [1, 16777217, 3, -2147483648], "int32")],
    [plain([4], [0, 1, 1, 0], "bool"), plain([], [1], "bool"), plain([], [0], "bool")],
    [plain([0], [], "bool"), scalar, plain([1], [1])],
  ];
  return sets.map(([condition, a, b]) => ({
    name: `of [${condition.shape.join()}] between ${a.dtype}[${a.shape.join()}] and [${b.shape.join()}]`,
    attrs: {},
    operands: [condition, a, b],
    expected: elementwise([condition, a, b], (c, x, y) => (c === 0 ? y : x), a.dtype),
  }));
}

const powerKinks = [nan, 1, -1, 0, -0, inf, -inf, 2, -2, 0.5, -0.5, 3, -3];

/** torch.pow: where JavaScript says NaN, 1 to any power is 1, and so is (-1) to ±∞. */
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === inf) ? 1 : x ** y;
}

/** The sum of |x| as a float error sees it: no partial sum is larger. */
function magnitude(x: Plain): number {
  return x.data.filter(Number.isFinite).reduce((sum, value) => sum + Math.abs(value), 0);
}

type Reduction = "reduceSum" | "reduceMax" | "reduceMin" | "reduceLogSumExp";

function reductions<K extends Reduction>(compute: (group: readonly number[]) => number, ulp?: number): Case<K>[] {
  const special = plain([4, 3], [1, nan, 3, -inf, -inf, -inf, inf, 1, 2, nan, -inf, inf]);
  const tall = plain([1500, 3], noise(4500, 1, 5));
  const list: readonly (readonly [Plain, readonly number[]])[] = [
    [box, [0]], [box, [1]], [box, [2]], [box, [0, 1]], [box, [1, 2]], [box, [0, 2]], [box, [0, 1, 2]],
    [special, [1]], [ties, [1]], [ties, [0]], [tall, [0]], [tall, [1]], [tall, [0, 1]],
    [plain([1021], noise(1021, 1, 6)), [0]], [plain([2, 2053], noise(4106, 1, 7)), [1]],
    [empty, [0]], [empty, [1]], [plain([3, 0], []), [1]], [plain([3, 0], []), [0, 1]], [plain([1, 1], [5]), [0, 1]],
  ]; // prettier-ignore
  return list.flatMap(([x, axes]) =>
    [false, true].map((keepdims) => ({
      name: `of [${x.shape.join()}] over ${axes.join()}${keepdims ? " keepdims" : ""}`,
      attrs: { axes, keepdims } as OpAttributes[K],
      operands: [x],
      expected: reduce(x, { axes, keepdims }, compute),
      ...(ulp !== undefined && { ulp, scale: magnitude(x) }),
    })),
  );
}

function intReductions<K extends Reduction>(compute: (group: readonly number[]) => number): Case<K>[] {
  const x = plain([2, 3], [1, 16777217, 3, -4, 16777216, -2147483640], "int32");
  const attrs = { axes: [0], keepdims: false };
  return [{ name: "of int32", attrs: attrs as OpAttributes[K], operands: [x], expected: reduce(x, attrs, compute) }];
}

function normalizers<K extends "softmax" | "logSoftmax">(
  op: K,
  compute: (x: number, group: readonly number[]) => number,
): Case<K>[] {
  const special = plain([5, 3], [1, 2, -inf, -inf, -inf, -inf, nan, 1, 2, 1e4, -1e4, 0, 3, 3, 3]);
  const list: readonly (readonly [Plain, number])[] = [
    [special, 1], [special, 0], [box, 0], [box, 1], [box, 2], [plain([1, 1], [5]), 1], [empty, 0], [empty, 1],
    [plain([3], [inf, 1, 2]), 0], [plain([2, 300], noise(600, 5, 8)), 1],
  ]; // prettier-ignore
  return list.map(([x, axis]) => {
    const attrs = { axis } as OpAttributes[K];
    const group = expandGroups(x, axis);
    const data = x.data.map((value, i) => compute(value, group[i] ?? []));
    // x - max x is rounded before its exponential is taken.
    return {
      name: `of [${x.shape.join()}] along ${axis}`,
      attrs,
      operands: [x],
      expected: plain(x.shape, data),
      ulp: 16,
      scale: op === "softmax" ? 0 : 4,
    };
  });
}

/** For each element, the elements along the axis that it is one of. */
function expandGroups(x: Plain, axis: number): readonly (readonly number[])[] {
  const length = x.shape[axis] ?? 0;
  const stride = x.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  return x.data.map((_, i) => {
    const start = i - (Math.floor(i / stride) % length) * stride;
    return Array.from({ length }, (__, k) => x.data[start + k * stride] ?? nan);
  });
}

const total = (group: readonly number[]): number => group.reduce((sum, x) => sum + x, 0);

function moves<K extends OpName>(list: readonly (readonly [Plain, OpAttributes[K], Plain])[]): Case<K>[] {
  return list.map(([x, attrs, expected]) => ({
    name: `${JSON.stringify(attrs)} of ${x.dtype}[${x.shape.join()}]`,
    attrs,
    operands: [x],
    expected,
  }));
}

const reshaped = (x: Plain, shape: readonly number[]): Plain => plain(shape, x.data, x.dtype);

/** Cases for every op: a missing one does not compile. */
export const cases: { readonly [K in OpName]: readonly Case<K>[] } = {
  input: [],
  constant: [nan, inf, -0, 0.1, 3e38].map((value) => ({
    name: String(value),
    attrs: { value, dtype: "float32" },
    operands: [],
    expected: plain([], [value]),
  })),
  iota: [0, 1, 5].map((size) => ({
    name: `of size ${size}`,
    attrs: { size: "N" },
    operands: [],
    sizes: { N: size },
    expected: plain([size], Array.from({ length: size }, (_, i) => i), "int32"),
  })), // prettier-ignore
  dimSize: [
    { name: "of symbols", attrs: { dims: ["N", 3], dtype: "float32" }, operands: [], sizes: { N: 5 }, expected: plain([], [15]) },
    { name: "of nothing", attrs: { dims: [0, "N"], dtype: "float32" }, operands: [], sizes: { N: 5 }, expected: plain([], [0]) },
  ],
  neg: unary((x) => -x, [vector, long, ints, empty]),
  abs: unary(Math.abs, [vector, long, ints, empty]),
  sign: unary((x) => Number(x > 0) - Number(x < 0), [vector, long, ints, empty, scalar]),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  relu: unary((x) => (x < 0 ? 0 : x)),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  softplus: unary(softplus),
  not: unary((x) => 1 - x, [bools, plain([0], [], "bool")]),
  identity: unary((x) => x, [vector, ints, bools, empty]),
  clampMin: [0, 1e-12, -2.5, 1].flatMap((bound) => unary<"clampMin">((x) => (x < Math.fround(bound) ? Math.fround(bound) : x), undefined, { bound })),
  clampMax: [0, 1e-12, -2.5, 1].flatMap((bound) => unary<"clampMax">((x) => (x > Math.fround(bound) ? Math.fround(bound) : x), undefined, { bound })),
  cast: [
    ...unary<"cast">(Math.trunc, [plain([7], [1.9, -1.9, 2.5, -0.5, 0, 1e9, -3])], { to: "int32" }, "int32"),
    ...unary<"cast">((x) => (x === 0 ? 0 : 1), [vector, ints, plain([3], [256, 0, -256], "int32")], { to: "bool" }, "bool"),
    ...unary<"cast">((x) => x, [ints, plain([2], [16777217, -16777219], "int32"), bools, empty], { to: "float32" }, "float32"),
    ...unary<"cast">((x) => x, [bools], { to: "int32" }, "int32"),
  ],
  add: binary((x, y) => x + y, [...floatPairs, [ints, plain([1], [-3], "int32")]]),
  sub: binary((x, y) => x - y, [...floatPairs, [plain([2, 1], [1, 5], "int32"), plain([3], [7, 8, 9], "int32")]]),
  mul: binary((x, y) => x * y, [...floatPairs, [plain([2, 1], [1, -5], "int32"), plain([3], [7, 8, 9], "int32")]]),
  div: binary((x, y) => x / y, floatPairs),
  pow: binary(power, [
    [plain([13, 1], powerKinks), plain([13], powerKinks)],
    ...[nan, inf, -inf, 0, 0.5, 3].flatMap((y) => [[plain([13], powerKinks), plain([], [y])], [plain([], [y]), plain([13], powerKinks)]] as const),
    [plain([5, 1], [2, -2, 0, -0, 0.3]), plain([5], [3, 2, 0.5, 0, -1])],
    [plain([4], [nan, inf, -inf, 1e20]), plain([4], [2, -1, 3, 2])],
    [matrix, plain([], [3])],
    [empty, scalar],
  ]), // prettier-ignore
  maximum: binary((x, y) => max([x, y]), [...floatPairs, ...intPairs]),
  minimum: binary((x, y) => min([x, y]), [...floatPairs, ...intPairs]),
  equal: binary((x, y) => Number(x === y), [...floatPairs, ...intPairs, ...boolPairs], "bool"),
  less: binary((x, y) => Number(x < y), [...floatPairs, ...intPairs], "bool"),
  lessOrEqual: binary((x, y) => Number(x <= y), [...floatPairs, ...intPairs], "bool"),
  and: binary((x, y) => x & y, boolPairs, "bool"),
  or: binary((x, y) => x | y, boolPairs, "bool"),
  where: choices(),
  reduceSum: [...reductions<"reduceSum">(total, 4), ...intReductions<"reduceSum">((group) => group.reduce((a, b) => a + b) | 0)],
  reduceMax: [...reductions<"reduceMax">(max), ...intReductions<"reduceMax">(max)],
  reduceMin: [...reductions<"reduceMin">(min), ...intReductions<"reduceMin">(min)],
  reduceLogSumExp: reductions<"reduceLogSumExp">(logSumExp, 4),
  softmax: normalizers("softmax", (x, group) => Math.exp(x - max(group)) / total(group.map((y) => Math.exp(y - max(group))))),
  logSoftmax: normalizers("logSoftmax", (x, group) => x - max(group) - Math.log(total(group.map((y) => Math.exp(y - max(group)))))),
  matmul: (
    [
      [plain([3, 4], noise(12, 1, 2)), plain([4, 5], noise(20, 1, 3))],
      [plain([2, 0], []), plain([0, 3], [])],
      [plain([0, 2], []), plain([2, 3], noise(6))],
      [plain([2, 2], [0, 1, 2, 3]), plain([2, 2], [nan, inf, 0, 1])],
      [plain([1, 1], [3]), plain([1, 1], [4])],
    ] as const
  ).map(([a, b]) => ({ name: `of [${a.shape.join()}] and [${b.shape.join()}]`, attrs: {}, operands: [a, b], expected: matmul(a, b), ulp: 4, scale: 1 })), // prettier-ignore
  transpose: moves(
    [[box, [2, 0, 1]], [matrix, [1, 0]], [empty, [1, 0]], [plain([2, 2], [0, 1, 1, 1], "bool"), [1, 0]], [plain([2, 1], [16777217, -5], "int32"), [1, 0]], [scalar, []]].map(([x, perm]) => {
      const attrs = { perm: perm as number[] };
      return [x as Plain, attrs, transpose(x as Plain, attrs)] as const;
    }),
  ), // prettier-ignore
  unsqueeze: moves([[row, { axes: [0, 2] }, reshaped(row, [1, 7, 1])], [scalar, { axes: [0] }, reshaped(scalar, [1])], [empty, { axes: [1] }, reshaped(empty, [0, 1, 3])]]),
  squeeze: moves([[column, { axes: [1] }, reshaped(column, [5])], [plain([1, 1], [2]), { axes: [0, 1] }, plain([], [2])]]),
  expand: moves([
    [column, { shape: [2, 5, 3] }, expand(column, [2, 5, 3])],
    [vector, { shape: [2, kinks.length] }, expand(vector, [2, kinks.length])],
    [plain([2, 1], [0, 1], "bool"), { shape: [2, 3] }, plain([2, 3], [0, 0, 0, 1, 1, 1], "bool")],
    [plain([3, 1], [2147483647, -2147483648, -4097], "int32"), { shape: [3, 2] }, plain([3, 2], [2147483647, 2147483647, -2147483648, -2147483648, -4097, -4097], "int32")],
    [plain([1], [1]), { shape: [0] }, plain([0], [])],
    [scalar, { shape: [] }, scalar],
  ]),
}; // prettier-ignore
