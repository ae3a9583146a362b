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

/** For every element of `shape`, the position of the element of `operand` that broadcasts to it. */
export function broadcastOffsets(operand: readonly number[], shape: readonly number[]): Int32Array {
  const own = stridesOf(operand);
  const lead = shape.length - operand.length;
  return walk(
    shape,
    shape.map((_, axis) => (axis < lead || operand[axis - lead] === 1 ? 0 : (own[axis - lead] ?? 0))),
  );
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
