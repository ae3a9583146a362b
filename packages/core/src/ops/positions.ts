import type { Values } from "./types.js";

// Tensors as numbers in row-major order: where an element is, and which elements a line along an axis has.

export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** The index along each axis of the i-th element. */
export function positionOf(index: number, shape: readonly number[]): number[] {
  const position = shape.map(() => 0);
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dim = shape[axis] ?? 1;
    position[axis] = rest % dim;
    rest = Math.floor(rest / dim);
  }
  return position;
}

/** Where a tensor has the element for a position of a shape that it broadcasts to. */
export function indexAt(shape: readonly number[], position: readonly number[]): number {
  const added = position.length - shape.length;
  return shape.reduce((index, dim, axis) => index * dim + (dim === 1 ? 0 : (position[axis + added] ?? 0)), 0);
}

/** The element of a tensor for a position of a shape that it broadcasts to. */
export function elementAt({ shape, data }: Values, position: readonly number[]): number {
  return data[indexAt(shape, position)] ?? Number.NaN;
}

/** A tensor whose elements are computed from their positions. */
export function tabulate(
  shape: readonly number[],
  element: (position: number[], index: number) => number,
): Float64Array {
  return Float64Array.from({ length: sizeOfShape(shape) }, (_, i) => element(positionOf(i, shape), i));
}

/** The position with another index along one axis. */
export function movedTo(position: readonly number[], axis: number, index: number): number[] {
  return position.map((own, i) => (i === axis ? index : own));
}

/** The indices of the elements of each line along an axis; lines in row-major order of their other axes. */
export function linesAlong(shape: readonly number[], axis: number): readonly (readonly number[])[] {
  const length = shape[axis] ?? 1;
  const start = shape.map((dim, i) => (i === axis ? 1 : dim));
  const stride = sizeOfShape(shape.slice(axis + 1));
  return Array.from({ length: sizeOfShape(start) }, (_, line) => {
    const first = indexAt(shape, positionOf(line, start));
    return Array.from({ length }, (_, i) => first + i * stride);
  });
}
