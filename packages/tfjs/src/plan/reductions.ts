import { sizeOf } from "@losses/core";
import { elements, reshape, scalar, type Runtime, type Value } from "./runtime.js";

/** A reduction seen as a matrix: the reduced axes are the leading or the trailing ones, or lie otherwise. */
type Layout = "leading" | "trailing" | "mixed";

function layoutOf(rank: number, axes: readonly number[]): Layout {
  if (axes.every((axis, i) => axis === rank - axes.length + i)) return "trailing";
  return axes.every((axis, i) => axis === i) ? "leading" : "mixed";
}

/** The sum over axes, of an `x` with at least one element; `shape` is the shape of the result. */
export function sum(rt: Runtime, x: Value, axes: readonly number[], shape: readonly number[]): Value {
  // The cpu engine adds in float64; others reduce in parallel. The wasm engine adds one after the other in float32.
  if (rt.device !== "wasm" || x.dtype !== "float32") {
    return reshape(rt, rt.kernel("Sum", { x }, { axis: axes, keepDims: false }), shape);
  }
  const length = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
  const layout = layoutOf(x.shape.length, axes);
  if (layout === "leading") return rt.make(columnSums(rt.floats(x), elements(x) / length), shape, "float32");
  const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const moved = layout === "trailing" ? x : rt.kernel("Transpose", { x }, { perm: [...kept, ...axes] });
  return rt.make(rowSums(rt.floats(moved), length), shape, "float32");
}

function rowSums(x: Float32Array, length: number): Float32Array {
  const sums = new Float32Array(x.length / length);
  for (let row = 0; row < sums.length; row++) sums[row] = total(x, row * length, (row + 1) * length);
  return sums;
}

function total(x: Float32Array, start: number, end: number): number {
  // Four running sums: additions do not wait for each other.
  let p = 0;
  let q = 0;
  let r = 0;
  let s = 0;
  let i = start;
  for (const last = end - 3; i < last; i += 4) {
    p += x[i] as number;
    q += x[i + 1] as number;
    r += x[i + 2] as number;
    s += x[i + 3] as number;
  }
  for (; i < end; i++) p += x[i] as number;
  return p + q + (r + s);
}

function columnSums(x: Float32Array, columns: number): Float32Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < x.length; i += columns) {
    for (let column = 0; column < columns; column++) {
      sums[column] = (sums[column] as number) + (x[i + column] as number);
    }
  }
  return Float32Array.from(sums);
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

/** Longest row whose sum the wasm engine's Softmax takes without losing digits. */
const longestRow = 512;

/** Softmax over trailing axes, on the wasm engine. */
export function softmax(rt: Runtime, x: Value, axes: number): Value {
  const length = sizeOf(x.shape.slice(x.shape.length - axes));
  const rows = elements(x) / length;
  const y = rt.kernel("Softmax", { logits: reshape(rt, x, [rows, length]) }, { dim: 1 });
  // What it divided by was a little off; so is what the quotients add up to.
  const b = length > longestRow ? sum(rt, y, [1], [rows, 1]) : undefined;
  return reshape(rt, b === undefined ? y : rt.kernel("RealDiv", { a: y, b }), x.shape);
}
