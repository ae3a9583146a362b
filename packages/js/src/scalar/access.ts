/** Shapes with the axes of size 1 left out: the space that a pass iterates over. */
export type Dims = readonly number[];

/** Elements of a value seen through strides along the axes of whoever reads it. */
export interface Access {
  readonly value: number;
  readonly strides: readonly number[];
}

export function sizeOfDims(dims: Dims): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Row-major strides; 0 along axes of size 1. */
export function contiguousStrides(shape: readonly number[]): readonly number[] {
  const strides: number[] = [];
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dim = shape[axis] ?? 1;
    strides.unshift(dim === 1 ? 0 : step);
    step *= dim;
  }
  return strides;
}

/** True where walking `dims` with these strides visits a value of `size` elements in its own order. */
export function isInOrder(strides: readonly number[], dims: Dims, size: number): boolean {
  const own = contiguousStrides(dims);
  return size === sizeOfDims(dims) && strides.every((stride, axis) => stride === own[axis]);
}

/** A walk over a linear range, as runs of one stride: the innermost axis, and how many of it lie outside. */
export interface Runs {
  /** Elements of a run, and the distance between them. */
  readonly length: number;
  readonly stride: number;
  /** Sizes and strides of the axes outside, the innermost first. */
  readonly outerDims: readonly number[];
  readonly outerStrides: readonly number[];
}

/** Merges neighbouring axes that one stride can walk. */
export function runsOf(dims: Dims, strides: readonly number[]): Runs {
  const merged: { dim: number; stride: number }[] = [];
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const dim = dims[axis] ?? 1;
    const stride = strides[axis] ?? 0;
    const inner = merged[merged.length - 1];
    if (inner !== undefined && stride === inner.stride * inner.dim) inner.dim *= dim;
    else merged.push({ dim, stride });
  }
  const [run = { dim: 1, stride: 0 }, ...outer] = merged;
  return {
    length: run.dim,
    stride: run.stride,
    outerDims: outer.map(({ dim }) => dim),
    outerStrides: outer.map(({ stride }) => stride),
  };
}

/** Where the run with this number starts. */
export function runStart({ outerDims, outerStrides }: Pick<Runs, "outerDims" | "outerStrides">, run: number): number {
  let rest = run;
  let at = 0;
  const last = outerDims.length - 1;
  for (let axis = 0; axis < last; axis++) {
    const dim = outerDims[axis] ?? 1;
    const next = Math.floor(rest / dim);
    at += (rest - next * dim) * (outerStrides[axis] ?? 0);
    rest = next;
  }
  return last >= 0 ? at + rest * (outerStrides[last] ?? 0) : at;
}
