import { ShapeError } from "../errors.js";
import { evaluateDim } from "./dimArithmetic.js";

/**
 * One dimension: a known size, a symbol (`N`) whose size is bound when real inputs arrive, or what is computed from symbols
 * (`2*N`, `N+M`, `H-10`, `B*T`).
 */
export type Dim = number | string;

/** Row-major shape; `[]` is a scalar. */
export type Shape = readonly Dim[];

/** The sizes that the symbols of a graph stand for in one run. */
export type DimSizes = Readonly<Record<string, number>>;

/** Prints a shape as `[2, 3]` or `[N, D]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Maps a possibly negative axis to `0..rank-1`. */
export function normalizeAxis(axis: number, rank: number, op: string): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    throw new ShapeError(`${op}: axis must be an integer in [${-rank}, ${rank - 1}] for rank ${rank}, got ${axis}.`);
  }
  return normal;
}

/** Axes sorted, without negatives; throws when one repeats. */
export function normalizeAxes(axes: readonly number[], rank: number, op: string): readonly number[] {
  const normal = axes.map((axis) => normalizeAxis(axis, rank, op)).sort((a, b) => a - b);
  if (new Set(normal).size !== normal.length) {
    throw new ShapeError(`${op}: axes must be distinct, got [${axes.join(", ")}].`);
  }
  return normal;
}

/** The shape that `shapes` broadcast to, aligned at the last axis; only a literal 1 stretches. */
export function broadcastShapes(shapes: readonly Shape[], op: string): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    let dim: Dim = 1;
    for (const shape of shapes) {
      const own = shape[i - rank + shape.length];
      if (own === undefined || own === 1 || own === dim) continue;
      if (dim !== 1) {
        throw new ShapeError(`${op}: shapes must broadcast together, got ${shapes.map(formatShape).join(" and ")}.`);
      }
      dim = own;
    }
    result.push(dim);
  }
  return result;
}

/** The shape left when `axes` (normalised) are reduced. */
export function reducedShape(shape: Shape, axes: readonly number[], keepdims: boolean): Shape {
  const reduced = new Set(axes);
  return keepdims ? shape.map((dim, i) => (reduced.has(i) ? 1 : dim)) : shape.filter((_, i) => !reduced.has(i));
}

/** The size of a dimension in this run. */
export function bindDim(dim: Dim, sizes: DimSizes): number {
  const size = evaluateDim(dim, sizes);
  if (size === undefined) throw new ShapeError(`The dimension ${dim} must be bound to a size, got no size for it.`);
  if (size < 0) throw new ShapeError(`The dimension ${dim} must not be negative, got ${size}. Use larger inputs.`);
  return size;
}

/** Replaces every dimension by its size in this run. */
export function bindShape(shape: Shape, sizes: DimSizes): readonly number[] {
  return shape.map((dim) => bindDim(dim, sizes));
}

/** Number of elements of a concrete shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}
