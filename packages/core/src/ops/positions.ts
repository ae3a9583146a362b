import { sizeOfShape } from "./strided.js";
import type { Numbers } from "./types.js";

// Elements one by one, by their positions: the plainest way.

/** The element of a tensor for a position of a shape that it broadcasts to. */
export function elementAt({ shape, data }: Numbers, position: readonly number[]): number {
  const added = position.length - shape.length;
  const at = shape.reduce((index, dim, axis) => index * dim + (dim === 1 ? 0 : (position[axis + added] ?? 0)), 0);
  return data[at] ?? Number.NaN;
}

/** A tensor whose elements are computed from their positions. */
export function tabulate(shape: readonly number[], element: (position: readonly number[]) => number): Float64Array {
  const position = shape.map(() => 0);
  return Float64Array.from({ length: sizeOfShape(shape) }, () => {
    const result = element(position);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      position[axis] = next < (shape[axis] ?? 1) ? next : 0;
      if (position[axis] !== 0) break;
    }
    return result;
  });
}
