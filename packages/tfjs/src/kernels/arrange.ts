import { asFloats } from "./gpu.js";
import { elements, reshape, sameSizes, type Runtime, type Value } from "./runtime.js";

// Kernels take few axes: those before an axis are one to them, and those after it.

/** A shape seen as an axis, what lies before it and what after. */
export interface Along {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

export function along(shape: readonly number[], axis: number): Along {
  const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
  return { outer: size(shape.slice(0, axis)), length: shape[axis] ?? 1, inner: size(shape.slice(axis + 1)) };
}

/** Positions along an axis, as numbers: `start`, `start + step`, …. */
export interface BoundPositions {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
}

/** The operands one after the other along an axis; those without elements are no operands. */
export function concat(rt: Runtime, operands: readonly Value[], axis: number, shape: readonly number[]): Value {
  const parts = operands.filter((x) => elements(x) > 0);
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const { outer } = along(shape, axis);
  const rows = parts.map((x) => reshape(rt, x, [outer, elements(x) / outer]));
  return reshape(rt, rt.kernel("Concat", rows, { axis: 1 }), shape);
}

/** The elements at positions along an axis. */
export function slice(rt: Runtime, x: Value, { axis, start, step }: BoundPositions, shape: readonly number[]): Value {
  if (start === 0 && step === 1 && sameSizes(x.shape, shape)) return x;
  const { outer, length, inner } = along(x.shape, axis);
  const count = shape[axis] ?? 1;
  const lines = reshape(rt, x, [outer, length, inner]);
  const taken =
    step === 1
      ? rt.kernel("Slice", { x: lines }, { begin: [0, start, 0], size: [outer, count, inner] })
      : pickLines(
          rt,
          lines,
          Int32Array.from({ length: count }, (_, i) => start + i * step),
        );
  return reshape(rt, taken, shape);
}

/** Zeros with the elements of x at positions along an axis. */
export function pad(rt: Runtime, x: Value, { axis, start, step }: BoundPositions, shape: readonly number[]): Value {
  if (start === 0 && step === 1 && sameSizes(x.shape, shape)) return x;
  const { outer, length, inner } = along(x.shape, axis);
  const size = shape[axis] ?? 1;
  const lines = reshape(rt, x, [outer, length, inner]);
  const padded = (before: number, after: number): Value => {
    const paddings = [
      [0, 0],
      [before, after],
      [0, 0],
    ];
    return rt.kernel("PadV2", { x: lines }, { paddings, constantValue: 0 });
  };
  if (step === 1) return reshape(rt, padded(start, size - start - length), shape);
  // What is between the elements comes from a zero after the last.
  const places = new Int32Array(size).fill(length);
  for (let i = 0; i < length; i++) places[start + i * step] = i;
  return reshape(rt, pickLines(rt, padded(0, 1), places), shape);
}

function pickLines(rt: Runtime, lines: Value, places: Int32Array): Value {
  const indices = rt.make(places, [places.length], "int32");
  return rt.kernel("GatherV2", { x: lines, indices }, { axis: 1, batchDims: 0 });
}

/** x with its axes in another order. */
export function permuted(rt: Runtime, x: Value, axes: readonly number[]): Value {
  const shape = axes.map((axis) => x.shape[axis] ?? 1);
  // Axes of size 1 may be anywhere, and engines take few axes.
  const moved = axes.filter((axis) => x.shape[axis] !== 1);
  const kept = [...moved].sort((a, b) => a - b);
  if (kept.every((axis, i) => axis === moved[i])) return reshape(rt, x, shape);
  const small = reshape(
    rt,
    x,
    kept.map((axis) => x.shape[axis] ?? 1),
  );
  const perm = moved.map((axis) => kept.indexOf(axis));
  const transposed = asFloats(rt, small, (a) => rt.kernel("Transpose", { x: a }, { perm }));
  return reshape(rt, transposed, shape);
}

/** `0, 1, 2, …` along one axis of so many, of size 1 along the others. */
export function iota(rt: Runtime, rank: number, axis: number, size: number): Value {
  const shape = Array.from({ length: rank }, (_, i) => (i === axis ? size : 1));
  return rt.make(Int32Array.from({ length: size }, (_, i) => i), shape, "int32"); // prettier-ignore
}
