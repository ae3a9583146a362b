import { sizeOf, type DType } from "@losses/core";

/**
 * The values of a graph node in float64, and for each what a correct machine may hold in its place: a number from `low`
 * to `high`, or NaN where `nan` is 1. The range is empty (`low` above `high`) where it is NaN for certain.
 *
 * Ends of 0 bear a sign: a zero that may be a negative one has -0 as its lower end. Bools are 0 and 1.
 */
export interface Bounds {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly value: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly nan: Uint8Array;
}

/** Bounds, and for each element how far a machine may be from its value. */
export interface Bounded extends Bounds {
  /** 0: every correct machine gets this very number. Infinite: it may be NaN, or as far away as one likes. */
  readonly error: Float64Array;
}

/** The ends of int32. */
export const leastInteger: number = -(2 ** 31);
export const greatestInteger: number = 2 ** 31 - 1;

/** What a machine may hold in place of one number. */
export interface Span {
  readonly low: number;
  readonly high: number;
  readonly nan: boolean;
}

/** NaN, for certain. */
export const noNumber: Span = { low: Infinity, high: -Infinity, nan: true };

/** One number, for certain. */
export function exactly(value: number): Span {
  return Number.isNaN(value) ? noNumber : { low: value, high: value, nan: false };
}

/** An integer; one that int32 does not hold becomes whatever the machine makes of it. */
export function asInteger({ low, high, nan }: Span): Span {
  const fits = !nan && low >= leastInteger && high <= greatestInteger;
  return fits ? { low, high, nan } : { low: leastInteger, high: greatestInteger, nan: false };
}

/** Room for the values of a node. */
export function allocate(shape: readonly number[], dtype: DType): Bounds {
  const size = sizeOf(shape);
  return {
    shape,
    dtype,
    value: new Float64Array(size),
    low: new Float64Array(size),
    high: new Float64Array(size),
    nan: new Uint8Array(size),
  };
}

/** The number at a position that is known to exist. */
export function at(values: { readonly [index: number]: number }, index: number): number {
  return values[index] ?? Number.NaN;
}

/** What may be in place of the element at a position. */
export function spanAt(x: Bounds, index: number): Span {
  return { low: at(x.low, index), high: at(x.high, index), nan: x.nan[index] === 1 };
}

/** Sets an element. */
export function put(to: Bounds, index: number, value: number, { low, high, nan }: Span): void {
  to.value[index] = value;
  to.low[index] = low;
  // Adding 0 makes a zero the positive one, which is the upper of both.
  to.high[index] = high + 0;
  to.nan[index] = nan ? 1 : 0;
}

/** True for NaN without an alternative. */
export function isNoNumber({ low, high }: Span): boolean {
  return low > high;
}

/** True if every correct machine has the same number there; not for NaN. */
export function isExact({ low, high, nan }: Span): boolean {
  return low === high && !nan;
}

/** True if the number may be a zero with a minus sign, which some machines make a plain one. */
export function mayBeNegativeZero({ low, high }: Span): boolean {
  return (low < 0 && high >= 0) || Object.is(low, -0);
}

/** A range between two ends that were computed: neighbours may have come out in the wrong order. */
export function between(a: number, b: number, nan: boolean): Span {
  return { low: Math.min(a, b), high: Math.max(a, b), nan };
}

/** Whatever either may be. */
export function hull(a: Span, b: Span): Span {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high), nan: a.nan || b.nan };
}

/** The elements at some offsets, in their order. */
export function gather(x: Bounds, shape: readonly number[], offsets: Int32Array): Bounds {
  const result = allocate(shape, x.dtype);
  for (let i = 0; i < offsets.length; i++) {
    const p = at(offsets, i);
    result.value[i] = at(x.value, p);
    result.low[i] = at(x.low, p);
    result.high[i] = at(x.high, p);
    result.nan[i] = x.nan[p] ?? 1;
  }
  return result;
}

/** How far a machine may be from each value. */
export function withError(bounds: Bounds): Bounded {
  return { ...bounds, error: bounds.value.map((value, i) => errorOf(value, spanAt(bounds, i))) };
}

function errorOf(value: number, { low, high, nan }: Span): number {
  if (low > high) return Number.isNaN(value) ? 0 : Infinity;
  if (nan || Number.isNaN(value)) return Infinity;
  if (low === high && low === value) return 0;
  const error = Math.max(high - value, value - low);
  return Number.isNaN(error) ? Infinity : error;
}
