import { sizeOf, type DType } from "@losses/core";

/**
 * Values in float64, and for each what a correct machine may hold in its place: a number from `low` to `high`, or NaN where `nan`
 * is 1. The range is empty (`low` above `high`) where it is NaN for certain.
 *
 * Ends of 0 bear a sign: a zero that may be a negative one has -0 as its lower end. Bools are 0 and 1.
 */
export interface Ranges {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly value: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly nan: Uint8Array;
}

/** What is known of a graph node. */
export interface Bounds extends Ranges {
  /** For integers in doubt, by element: all that it may be, where that is less than all between its ends. */
  readonly choices: Map<number, readonly number[]>;
}

/** Ranges, and for each element how far a machine may be from its value. */
export interface Bounded extends Ranges {
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

/** Room for the ranges of a node around its values. */
export function allocate(
  shape: readonly number[],
  dtype: DType,
  value: Float64Array = new Float64Array(sizeOf(shape)),
): Bounds {
  const size = value.length;
  return {
    shape,
    dtype,
    value,
    low: new Float64Array(size),
    high: new Float64Array(size),
    nan: new Uint8Array(size),
    choices: new Map(),
  };
}

/** The number at a position that is known to exist. */
export function at(values: { readonly [index: number]: number }, index: number): number {
  return values[index] ?? Number.NaN;
}

/** What may be in place of the element at a position. */
export function spanAt(x: Ranges, index: number): Span {
  return { low: at(x.low, index), high: at(x.high, index), nan: x.nan[index] === 1 };
}

/** Sets the range of an element. */
export function put(to: Ranges, index: number, { low, high, nan }: Span): void {
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

/** Makes an element what another is. */
export function copy(to: Bounds, index: number, from: Bounds, position: number): void {
  put(to, index, spanAt(from, position));
  const choices = from.choices.get(position);
  if (choices !== undefined) to.choices.set(index, choices);
}

/** How far a machine may be from each value. */
export function withError({ shape, dtype, value, low, high, nan }: Ranges): Bounded {
  const ranges = { shape, dtype, value, low, high, nan };
  return { ...ranges, error: value.map((one, i) => errorOf(one, spanAt(ranges, i))) };
}

function errorOf(value: number, { low, high, nan }: Span): number {
  if (low > high) return Number.isNaN(value) ? 0 : Infinity;
  if (nan || Number.isNaN(value)) return Infinity;
  if (low === high && low === value) return 0;
  const error = Math.max(high - value, value - low);
  return Number.isNaN(error) ? Infinity : error;
}
