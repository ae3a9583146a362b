import type { Numbers } from "./types.js";

// Walks over tensors in row-major order: by runs along the innermost axis, or by lines along any one.

export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** The distance between neighbours along each axis; 0 along axes of size 1, so that they broadcast. */
export function rowMajor(shape: readonly number[]): readonly number[] {
  const strides = shape.map(() => 0);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dim = shape[axis] ?? 1;
    if (dim !== 1) strides[axis] = step;
    step *= dim;
  }
  return strides;
}

/** The strides of a tensor for a walk over so many axes, aligned at the last. */
export function stridesOver(shape: readonly number[], rank: number): readonly number[] {
  const own = rowMajor(shape);
  const lead = rank - own.length;
  return lead < 0 ? own.slice(-lead) : [...Array<number>(lead).fill(0), ...own];
}

export function withoutAxis(strides: readonly number[], axis: number): readonly number[] {
  return strides.map((stride, i) => (i === axis ? 0 : stride));
}

/** How several tensors are walked over one shape together. */
export interface Walk {
  readonly dims: readonly number[];
  /** For each tensor its strides along `dims`. */
  readonly strides: readonly (readonly number[])[];
}

/** The same walk over fewer axes: neighbours that every tensor passes in one stride are one. */
function merged({ dims, strides }: Walk): Walk {
  const axes: { dim: number; readonly strides: readonly number[] }[] = [];
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const dim = dims[axis] ?? 1;
    if (dim === 1) continue;
    const own = strides.map((list) => list[axis] ?? 0);
    const inner = axes.at(-1);
    if (inner?.strides.every((stride, i) => stride * inner.dim === own[i]) === true) inner.dim *= dim;
    else axes.push({ dim, strides: own });
  }
  axes.reverse();
  return { dims: axes.map(({ dim }) => dim), strides: strides.map((_, i) => axes.map((axis) => axis.strides[i] ?? 0)) };
}

/**
 * Calls `visit` for each run along the innermost axis: where it starts in each tensor, and its length. `steps` are the distances
 * between its elements. The list of starts is the same in every call.
 */
export function eachRun(
  walk: Walk,
  visit: (starts: readonly number[], length: number, steps: readonly number[]) => void,
): void {
  const { dims, strides } = merged(walk);
  const outer = dims.slice(0, -1);
  const length = dims.at(-1) ?? 1;
  const steps = strides.map((list) => list.at(-1) ?? 0);
  const at = strides.map(() => 0);
  const position = outer.map(() => 0);
  if (length === 0) return;
  for (let runs = sizeOfShape(outer); runs > 0; runs--) {
    visit(at, length, steps);
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      const isOver = next === outer[axis];
      position[axis] = isOver ? 0 : next;
      for (let k = 0; k < at.length; k++) {
        const stride = strides[k]?.[axis] ?? 0;
        at[k] = (at[k] ?? 0) + (isOver ? stride * (1 - next) : stride);
      }
      if (!isOver) break;
    }
  }
}

/** A line along an axis: the elements at `start`, `start + step`, …. */
export type VisitLine = (start: number, step: number, length: number) => void;

/** Visits each line along an axis, in row-major order of the other axes. */
export function eachLine(shape: readonly number[], axis: number, visit: VisitLine): void {
  const length = shape[axis] ?? 1;
  const step = sizeOfShape(shape.slice(axis + 1));
  const blocks = sizeOfShape(shape.slice(0, axis));
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < step; i++) visit(block * length * step + i, step, length);
  }
}

/** A tensor's elements in the order of a walk. */
export function copied({ data }: Numbers, dims: readonly number[], strides: readonly number[]): Float64Array {
  const result = new Float64Array(sizeOfShape(dims));
  eachRun({ dims, strides: [strides, rowMajor(dims)] }, ([from = 0, to = 0], length, [step = 0]) => {
    for (let i = 0; i < length; i++) result[to + i] = data[from + i * step] as number;
  });
  return result;
}

/** The elements themselves, in float64. */
export function exact({ data }: Numbers): Float64Array {
  return data instanceof Float64Array ? data : new Float64Array(data);
}
