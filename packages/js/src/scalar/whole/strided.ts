import type { Cells } from "../moves.js";

/** A tensor in cells, seen through strides along its axes (0 where it is broadcast). */
export interface Strided {
  readonly cells: Cells;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Row-major strides, also along axes of size 1. */
export function rowMajor(shape: readonly number[]): readonly number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return strides;
}

/** Strides for a walk over a shape that the tensor broadcasts to. */
export function stridesOver({ shape, strides }: Strided, walked: readonly number[]): readonly number[] {
  return walked.map((_, axis) => (shape[axis] === 1 ? 0 : (strides[axis] ?? 0)));
}

/**
 * Calls `visit` for each run along the last of `dims`, with where the run starts in each of the tensors that these strides
 * belong to.
 */
export function eachRun(
  dims: readonly number[],
  strides: readonly (readonly number[])[],
  starts: readonly number[],
  visit: (starts: readonly number[], length: number) => void,
): void {
  const outer = dims.slice(0, -1);
  const length = dims.at(-1) ?? 1;
  let runs = outer.reduce((product, dim) => product * dim, 1);
  if (length === 0 || runs === 0) return;
  const at = [...starts];
  const position = outer.map(() => 0);
  for (; runs > 0; runs--) {
    visit(at, length);
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      const wraps = next === outer[axis];
      position[axis] = wraps ? 0 : next;
      for (let k = 0; k < at.length; k++) {
        const stride = strides[k]?.[axis] ?? 0;
        at[k] = (at[k] ?? 0) + (wraps ? -stride * (next - 1) : stride);
      }
      if (!wraps) break;
    }
  }
}

/** Copies a tensor to cells, element by element in the order of its axes. */
export function copyTo(from: Strided, to: Float64Array, start: number, strides: readonly number[]): void {
  const { cells } = from;
  const [step, stride] = [from.strides.at(-1) ?? 0, strides.at(-1) ?? 0];
  eachRun(from.shape, [from.strides, strides], [from.offset, start], ([x = 0, o = 0], length) => {
    for (let i = 0; i < length; i++) to[o + i * stride] = cells[x + i * step] as number;
  });
}
