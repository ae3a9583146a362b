import { sizeOf } from "@losses/core";
import { elements, fill, reshape, scalar, type Runtime, type Value } from "./runtime.js";

/** A reduction seen as a matrix: the reduced axes are the leading or the trailing ones, or lie otherwise. */
type Layout = "leading" | "trailing" | "mixed";

function layoutOf(rank: number, axes: readonly number[]): Layout {
  if (axes.every((axis, i) => axis === rank - axes.length + i)) return "trailing";
  return axes.every((axis, i) => axis === i) ? "leading" : "mixed";
}

/** Longest run that one pass of the wasm engine adds up: its sums are sequential, so their error grows with the length. */
const longestRun = 512;

/** The sum over axes, of an `x` with at least one element; `shape` is the shape of the result. */
export function sum(rt: Runtime, x: Value, axes: readonly number[], shape: readonly number[]): Value {
  // The cpu engine adds in float64; the others reduce in parallel.
  if (rt.device !== "wasm" || x.dtype !== "float32") {
    return reshape(rt, rt.kernel("Sum", { x }, { axis: axes, keepDims: false }), shape);
  }
  const length = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
  switch (layoutOf(x.shape.length, axes)) {
    case "trailing":
      return reshape(rt, sumRows(rt, reshape(rt, x, [elements(x) / length, length])), shape);
    case "leading":
      return reshape(rt, sumColumns(rt, reshape(rt, x, [length, elements(x) / length])), shape);
    case "mixed": {
      const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
      const moved = rt.kernel("Transpose", { x }, { perm: [...kept, ...axes] });
      return reshape(rt, sumRows(rt, reshape(rt, moved, [elements(x) / length, length])), shape);
    }
  }
}

/** Row sums of a matrix, in stages. */
function sumRows(rt: Runtime, x: Value): Value {
  const [rows = 1, length = 1] = x.shape;
  if (length <= longestRun) return rt.kernel("Sum", { x }, { axis: [1], keepDims: false });
  const run = runLength(length);
  if (run !== undefined) {
    const partial = rt.kernel(
      "Sum",
      { x: reshape(rt, x, [(rows * length) / run, run]) },
      { axis: [1], keepDims: false },
    );
    return sumRows(rt, reshape(rt, partial, [rows, length / run]));
  }
  const [head, tail] = split(rt, x, 1);
  return rt.kernel("Add", { a: sumRows(rt, head), b: sumRows(rt, tail) });
}

/** Column sums of a matrix, in stages: 1ᵀ·x, which the wasm engine computes faster than any reduction. */
function sumColumns(rt: Runtime, x: Value): Value {
  const [length = 1, columns = 1] = x.shape;
  if (length <= longestRun) {
    const ones = fill(rt, [1, length], 1, "float32");
    return matmul(rt, ones, x);
  }
  const run = runLength(length);
  if (run !== undefined) {
    const partial = sumColumns(rt, reshape(rt, x, [run, (length / run) * columns]));
    return sumColumns(rt, reshape(rt, partial, [length / run, columns]));
  }
  const [head, tail] = split(rt, x, 0);
  return rt.kernel("Add", { a: sumColumns(rt, head), b: sumColumns(rt, tail) });
}

/** The largest divisor of `length` that is a run worth having. */
function runLength(length: number): number | undefined {
  for (let run = longestRun; run >= 32; run--) if (length % run === 0) return run;
  return undefined;
}

/** Cuts an axis whose length has no good divisor: a multiple of the run, and the rest. */
function split(rt: Runtime, x: Value, axis: number): readonly [Value, Value] {
  const length = x.shape[axis] ?? 0;
  const at = length - (length % longestRun);
  const cut = (from: number, size: number): Value => {
    const begin = x.shape.map((_, i) => (i === axis ? from : 0));
    return rt.kernel("Slice", { x }, { begin, size: x.shape.map((own, i) => (i === axis ? size : own)) });
  };
  return [cut(0, at), cut(at, length - at)];
}

/** The largest or smallest over axes, of an `x` with at least one element. */
export function extremum(
  rt: Runtime,
  kernel: "Max" | "Min",
  x: Value,
  axes: readonly number[],
  shape: readonly number[],
): Value {
  const attrs = kernel === "Max" ? { reductionIndices: axes, keepDims: false } : { axis: axes, keepDims: false };
  const reduce = (a: Value): Value => reshape(rt, rt.kernel(kernel, { x: a }, attrs), shape);
  if (rt.device !== "webgl" || x.dtype !== "float32") return reduce(x);
  // The webgl engine starts at ∓10²⁰. Beyond that, a power of two brings the numbers within reach and back, exactly.
  const near = reduce(x);
  const scale = (a: Value, factor: number): Value => rt.kernel("Multiply", { a, b: scalar(rt, factor, "float32") });
  const far = scale(reduce(scale(x, 2 ** -64)), 2 ** 64);
  const limit = scalar(rt, kernel === "Max" ? -(2 ** 66) : 2 ** 66, "float32");
  const isFar = rt.kernel(kernel === "Max" ? "Less" : "Greater", { a: near, b: limit });
  return rt.kernel("Select", { condition: isFar, t: far, e: near });
}

export function matmul(rt: Runtime, a: Value, b: Value): Value {
  return rt.kernel("BatchMatMul", { a, b }, { transposeA: false, transposeB: false });
}

/** Softmax over trailing axes. */
export function softmax(rt: Runtime, x: Value, axes: number): Value {
  const length = sizeOf(x.shape.slice(x.shape.length - axes));
  return reshape(
    rt,
    rt.kernel("Softmax", { logits: reshape(rt, x, [elements(x) / length, length]) }, { dim: 1 }),
    x.shape,
  );
}
