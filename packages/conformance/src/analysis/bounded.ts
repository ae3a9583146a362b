import { sizeOf, type DType } from "@losses/core";

/**
 * The values of a graph node in float64, and for each a bound on how far a machine may be from it.
 *
 * An error of 0 means that every correct machine gets this very number; an infinite one that nothing is claimed.
 * Bools are 0 and 1; an error of 1 there means that the decision could go either way.
 */
export interface Bounded {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly value: Float64Array;
  readonly error: Float64Array;
}

/** Room for the values of a node. */
export function allocate(shape: readonly number[], dtype: DType): Bounded {
  const size = sizeOf(shape);
  return { shape, dtype, value: new Float64Array(size), error: new Float64Array(size) };
}

/** The number at a position that is known to exist. */
export function at(values: { readonly [index: number]: number }, index: number): number {
  return values[index] ?? Number.NaN;
}
