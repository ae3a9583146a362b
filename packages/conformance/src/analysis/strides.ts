import { sizeOf } from "@losses/core";
import { at } from "./bounded.js";

/** Distances between neighbours along each axis of a row-major tensor. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  let stride = 1;
  return shape
    .map((_, i) => shape.length - 1 - i)
    .map((axis) => {
      const own = stride;
      stride *= shape[axis] ?? 1;
      return own;
    })
    .reverse();
}

/** Offsets reached by walking `shape` in row-major order with the given strides. */
export function walk(shape: readonly number[], strides: readonly number[]): Int32Array {
  const offsets = new Int32Array(sizeOf(shape));
  if (offsets.length === 0) return offsets;
  let filled = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    const stride = strides[axis] ?? 0;
    for (let i = 1; i < size; i++) {
      for (let j = 0; j < filled; j++) offsets[i * filled + j] = at(offsets, j) + i * stride;
    }
    filled *= size;
  }
  return offsets;
}

/** Distances in an operand along the axes of a shape, of which the first `lead` it lacks. */
function broadcastStrides(operand: readonly number[], shape: readonly number[], lead: number): readonly number[] {
  const own = stridesOf(operand);
  return shape.map((_, axis) => (axis < lead || operand[axis - lead] === 1 ? 0 : (own[axis - lead] ?? 0)));
}

/** For every element of `shape`, the position of the element of `operand` that broadcasts to it. */
export function broadcastOffsets(operand: readonly number[], shape: readonly number[]): Int32Array {
  return walk(shape, broadcastStrides(operand, shape, shape.length - operand.length));
}

/** Where each matrix begins, of those that the axes before the last two stand for, broadcast to `batch`. */
export function leadingOffsets(operand: readonly number[], batch: readonly number[]): Int32Array {
  return walk(batch, broadcastStrides(operand, batch, batch.length - (operand.length - 2)));
}

/** The elements that a reduction brings together: `starts[o] + steps[k]` for result `o`. */
export interface Lines {
  readonly starts: Int32Array;
  readonly steps: Int32Array;
}

/** The lines of a tensor along some axes. */
export function linesAlong(shape: readonly number[], axes: readonly number[]): Lines {
  const strides = stridesOf(shape);
  const pick = (reduced: boolean): Int32Array => {
    const chosen = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === reduced);
    return walk(
      chosen.map((axis) => shape[axis] ?? 1),
      chosen.map((axis) => strides[axis] ?? 0),
    );
  };
  return { starts: pick(false), steps: pick(true) };
}

/** For every element of a transposed tensor, its position before. */
export function transposeOffsets(shape: readonly number[], perm: readonly number[]): Int32Array {
  const strides = stridesOf(shape);
  return walk(
    perm.map((axis) => shape[axis] ?? 1),
    perm.map((axis) => strides[axis] ?? 0),
  );
}

/** For every element of a slice, its position in what is sliced. */
export function sliceOffsets(
  shape: readonly number[],
  slice: readonly number[],
  { axis, step }: { readonly axis: number; readonly step: number },
  start: number,
): Int32Array {
  const strides = stridesOf(shape);
  const own = strides[axis] ?? 0;
  const offsets = walk(
    slice,
    strides.map((stride, i) => (i === axis ? stride * step : stride)),
  );
  return offsets.map((offset) => offset + start * own);
}
