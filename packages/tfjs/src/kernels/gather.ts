import { sizeOf } from "@losses/core";
import { iota, permuted } from "./arrange.js";
import { expand, select } from "./broadcast.js";
import { choose } from "./elementwise.js";
import { fill, reshape, scalar, type Runtime, type TfDType, type Value } from "./runtime.js";

// To kernels, values are [batches, along the axis, what has one position together] and positions are [batches, along the axis].

/** The other axes: those that positions have, and those that only the values have. */
function sidesOf(
  index: readonly number[],
  axis: number,
): { readonly ofIndex: readonly number[]; readonly ofX: readonly number[] } {
  const others = [...index.keys()].filter((i) => i !== axis);
  return { ofIndex: others.filter((i) => index[i] !== 1), ofX: others.filter((i) => index[i] === 1) };
}

const sizeAlong = (shape: readonly number[], axes: readonly number[]): number => sizeOf(axes.map((i) => shape[i] ?? 1));

/** A value of which these are the axes, with the axes in their own order. */
function inOrder(rt: Runtime, x: Value, axes: readonly number[], shape: readonly number[]): Value {
  const named = reshape(
    rt,
    x,
    axes.map((i) => shape[i] ?? 1),
  );
  return permuted(
    rt,
    named,
    axes.map((_, i) => axes.indexOf(i)),
  );
}

/** Positions with those outside moved to 0, and which are inside. */
export function inside(rt: Runtime, at: Value, length: number): { readonly isInside: Value; readonly position: Value } {
  const zero = scalar(rt, 0, "int32");
  const isInside = rt.kernel("LogicalAnd", {
    a: rt.kernel("GreaterEqual", { a: at, b: zero }),
    b: rt.kernel("Less", { a: at, b: scalar(rt, length, "int32") }),
  });
  return { isInside, position: select(rt, isInside, at, zero, at.shape) };
}

/** The elements of x along an axis that positions name, 0 where one is outside; the other axes broadcast. */
export function gather(rt: Runtime, x: Value, index: Value, axis: number, shape: readonly number[]): Value {
  const { ofIndex, ofX } = sidesOf(index.shape, axis);
  const shared = ofIndex.filter((i) => x.shape[i] !== 1);
  // The axes that only positions have are as good as more of them along the axis.
  const along = [...ofIndex.filter((i) => x.shape[i] === 1), axis];
  const length = x.shape[axis] ?? 1;
  const [b, m, s] = [sizeAlong(shape, shared), sizeAlong(shape, along), sizeAlong(shape, ofX)];
  const lines = reshape(rt, permuted(rt, x, [...shared, ...along, ...ofX]), [b, length, s]);
  const at = reshape(rt, permuted(rt, index, [...shared, ...along, ...ofX]), [b, m]);
  const { isInside, position } = inside(rt, at, length);
  const found = rt.kernel("GatherV2", { x: lines, indices: position }, { axis: 1, batchDims: 1 });
  const nothing = fill(rt, x.dtype === "bool" ? [] : found.shape, 0, x.dtype as TfDType);
  const result = choose(rt, reshape(rt, isInside, [b, m, 1]), found, nothing, found.shape);
  return inOrder(rt, result, [...shared, ...along, ...ofX], shape);
}

/** Zeros of this shape, with each element of x added at its position along an axis; nothing where that is outside. */
export function scatterAdd(rt: Runtime, x: Value, index: Value, axis: number, shape: readonly number[]): Value {
  const full = x.shape.map((size, i) => (size === 1 ? (index.shape[i] ?? 1) : size));
  const { ofIndex, ofX } = sidesOf(index.shape, axis);
  const order = [...ofIndex, axis, ...ofX];
  const [b, m, s] = [sizeAlong(full, ofIndex), full[axis] ?? 1, sizeAlong(full, ofX)];
  const places = index.shape.map((size, i) => (i === axis ? m : size));
  const lines = reshape(rt, permuted(rt, expand(rt, x, full), order), [b, m, s]);
  const at = reshape(rt, permuted(rt, expand(rt, index, places), order), [b, m]);
  return inOrder(rt, scatterLines(rt, lines, at, shape[axis] ?? 1), order, shape);
}

/** The most elements of a mask that is made in order to add up what it leaves. */
const largestMask = 2 ** 24;

/** The sums of [batches, values, together] at positions [batches, values], as [batches, length, together]. */
function scatterLines(rt: Runtime, lines: Value, at: Value, length: number): Value {
  const [b = 1, m = 1, s = 1] = lines.shape;
  if (m === 1) {
    const isHere = rt.kernel("Equal", { a: reshape(rt, at, [b, 1, 1]), b: iota(rt, 3, 1, length) });
    const shape = [b, length, s];
    return select(rt, isHere, lines, fill(rt, shape, 0, lines.dtype as TfDType), shape);
  }
  // The kernel of webgl goes through all values for every element of the result: of one batch, that is what it takes.
  if (rt.device !== "webgl" || b === 1) return scatterFlat(rt, lines, at, length);
  if (b * length * m * s <= largestMask) {
    const shape = [b, length, m, s];
    const isHere = rt.kernel("Equal", { a: reshape(rt, at, [b, 1, m, 1]), b: iota(rt, 4, 1, length) });
    const values = reshape(rt, lines, [b, 1, m, s]);
    const kept = select(rt, isHere, values, fill(rt, shape, 0, lines.dtype as TfDType), shape);
    return rt.kernel("Sum", { x: kept }, { axis: [2], keepDims: false });
  }
  const parts = Array.from({ length: b }, (_, i) => {
    const own = rt.kernel("Slice", { x: lines }, { begin: [i, 0, 0], size: [1, m, s] });
    return scatterFlat(rt, own, rt.kernel("Slice", { x: at }, { begin: [i, 0], size: [1, m] }), length);
  });
  return rt.kernel("Concat", parts, { axis: 0 });
}

function scatterFlat(rt: Runtime, lines: Value, at: Value, length: number): Value {
  const [b = 1, m = 1, s = 1] = lines.shape;
  const { isInside, position } = inside(rt, at, length);
  const nothing = fill(rt, lines.shape, 0, lines.dtype as TfDType);
  const updates = select(rt, reshape(rt, isInside, [b, m, 1]), lines, nothing, lines.shape);
  const starts = rt.make(
    Int32Array.from({ length: b }, (_, i) => i * length),
    [b, 1],
    "int32",
  );
  const indices = reshape(rt, b === 1 ? position : rt.kernel("Add", { a: position, b: starts }), [b * m, 1]);
  const sums = rt.kernel(
    "ScatterNd",
    { indices, updates: reshape(rt, updates, [b * m, s]) },
    { shape: [b * length, s] },
  );
  return reshape(rt, sums, [b, length, s]);
}
