import { cut, isListOf, isObject, printValue, unreadable } from "../arguments.js";
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

function isDim(value: unknown): value is Dim {
  return typeof value === "number" || typeof value === "string";
}

/** Prints a shape as `[2, 3]` or `[N, D]`. */
export function formatShape(shape: Shape): string {
  const dims: string[] = [];
  if (isListOf(shape, (dim) => isDim(dim) && dims.push(cut(String(dim))) > 0)) return `[${dims.join(", ")}]`;
  throw new ShapeError(`formatShape: the shape must be a list of sizes and names, got ${printValue(shape)}.`);
}

/** True for a number of elements that can be told to every runtime: below 2³¹. */
export function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}

/** More axes than any runtime takes. */
export const mostAxes = 32;

/** A shape as it was given, each size read once; throws `ShapeError`. `accepts`: what a size may be. */
export function readShape(
  where: string,
  given: unknown,
  accepts: (size: unknown) => size is number = isSize,
): readonly number[] {
  if (!Array.isArray(given)) {
    throw new ShapeError(`${where} must have a shape that is a list of sizes, got ${printValue(given)}.`);
  }
  const rank = given.length;
  if (rank > mostAxes) throw new ShapeError(`${where} must have at most ${mostAxes} axes, got ${rank}.`);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const size: unknown = given[axis];
    if (!accepts(size)) {
      throw new ShapeError(
        `${where} must have a shape of integers >= 0 and below 2^31, got ${printValue(size)} at axis ${axis}.`,
      );
    }
    shape.push(size);
  }
  return shape;
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
    throw new ShapeError(
      `${op}: axis must be an integer in [${-rank}, ${rank - 1}] for rank ${rank}, got ${printValue(axis)}.`,
    );
  }
  return normal;
}

/** Axes sorted, without negatives; throws when one repeats. */
export function normalizeAxes(axes: readonly number[], rank: number, op: string): readonly number[] {
  if (!isListOf(axes, Number.isInteger)) {
    throw new ShapeError(`${op}: axes must be a list of integers, got ${printValue(axes)}.`);
  }
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
  const size = typeof dim === "string" || typeof dim === "number" ? evaluateDim(dim, sizes) : undefined;
  if (isSize(size)) return size;
  const cure = size === undefined ? "" : ` Use ${size < 0 ? "larger" : "smaller"} inputs.`;
  throw new ShapeError(
    `bindShape: the dimension ${printValue(dim)} must be bound to a size, got ${size ?? "none"}.${cure}`,
  );
}

/** Replaces every dimension by its size in this run. */
export function bindShape(shape: Shape, sizes: DimSizes): readonly number[] {
  const bound: number[] = [];
  try {
    if (!Array.isArray(shape) || !isObject(sizes)) {
      const got = `${printValue(shape)} and ${printValue(sizes)}`;
      throw new ShapeError(`bindShape: a shape must be bound to sizes by name, got ${got}.`);
    }
    for (let axis = 0; axis < shape.length; axis++) {
      bound.push(bindDim(shape[axis] as Dim, sizes));
    }
  } catch (cause) {
    throw unreadable("bindShape", cause);
  }
  return bound;
}

/** Number of elements of a concrete shape. */
export function sizeOf(shape: readonly number[]): number {
  let product = NaN;
  try {
    product = Array.isArray(shape) ? 1 : NaN;
    for (let axis = 0; product >= 0 && axis < shape.length; axis++) {
      const size: unknown = shape[axis];
      product *= typeof size === "number" ? size : NaN;
    }
  } catch (cause) {
    throw unreadable("sizeOf", cause);
  }
  if (product >= 0) return product;
  throw new ShapeError(`sizeOf: the shape must be a list of sizes >= 0, got ${printValue(shape)}.`);
}
