import { sizeOf } from "@losses/core";
import { expand } from "./broadcast.js";
import { asFloats } from "./gpu.js";
import { elements, reshape, scalar, type Data, type Runtime, type Value } from "./runtime.js";

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
    const total = asFloats(rt, x, (a) => rt.kernel("Sum", { x: a }, { axis: axes, keepDims: false }));
    return reshape(rt, total, shape);
  }
  const length = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
  const layout = layoutOf(x.shape.length, axes);
  if (layout === "leading") return rt.make(columnSums(rt.data(x), elements(x) / length), shape, "float32");
  const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const moved = layout === "trailing" ? x : rt.kernel("Transpose", { x }, { perm: [...kept, ...axes] });
  return rt.make(rowSums(rt.data(moved), length), shape, "float32");
}

function rowSums(x: Data, length: number): Float32Array {
  const sums = new Float32Array(x.length / length);
  for (let row = 0; row < sums.length; row++) sums[row] = totalOf(x, row * length, (row + 1) * length);
  return sums;
}

function totalOf(x: Data, start: number, end: number): number {
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

function columnSums(x: Data, columns: number): Float32Array {
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
  const reduce = (a: Value): Value =>
    reshape(
      rt,
      asFloats(rt, a, (own) => rt.kernel(kernel, { x: own }, attrs)),
      shape,
    );
  if (rt.device !== "webgl" || x.dtype !== "float32") return reduce(x);
  // The webgl engine starts at ∓10²⁰. Beyond that, a power of two brings the numbers within reach and back, exactly.
  const near = reduce(x);
  const scale = (a: Value, factor: number): Value => rt.kernel("Multiply", { a, b: scalar(rt, factor, "float32") });
  const far = scale(reduce(scale(x, 2 ** -64)), 2 ** 64);
  const limit = scalar(rt, kernel === "Max" ? -(2 ** 66) : 2 ** 66, "float32");
  const isFar = rt.kernel(kernel === "Max" ? "Less" : "Greater", { a: near, b: limit });
  return rt.kernel("Select", { condition: isFar, t: far, e: near });
}

/** The product of matrices, whose leading axes broadcast. */
export function matmul(rt: Runtime, a: Value, b: Value, shape: readonly number[]): Value {
  const [batch, [n = 1, m = 1]] = [shape.slice(0, -2), shape.slice(-2)];
  const k = a.shape.at(-1) ?? 1;
  const [left, right] = [batchOf(rt, a, batch), batchOf(rt, b, batch)];
  const product = (x: Value, y: Value): Value => {
    // The wasm engine packs a right operand once for its data, whatever shape the same data are given later: they are made its own.
    const own = rt.device === "wasm" ? rt.kernel("Multiply", { a: y, b: scalar(rt, 1, "float32") }) : y;
    return rt.kernel("BatchMatMul", { a: x, b: own }, { transposeA: false, transposeB: false });
  };
  if (left.count > 1 && right.count === 1) {
    // One matrix for all: the others are the rows of a single one.
    const rows = reshape(rt, left.value, [left.count * n, k]);
    return reshape(rt, product(rows, reshape(rt, right.value, [k, m])), shape);
  }
  const all = product(reshape(rt, left.value, [left.count, n, k]), reshape(rt, right.value, [right.count, k, m]));
  return reshape(rt, all, shape);
}

/** An operand with as many matrices as the product has, or one that is taken for all. */
function batchOf(rt: Runtime, x: Value, batch: readonly number[]): { readonly value: Value; readonly count: number } {
  const [own, matrix] = [x.shape.slice(0, -2), x.shape.slice(-2)];
  if (sizeOf(own) === 1) return { value: x, count: 1 };
  // Kernels repeat the matrices of a smaller batch one after the other, which is not broadcasting.
  return { value: expand(rt, x, [...batch, ...matrix]), count: sizeOf(batch) };
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
