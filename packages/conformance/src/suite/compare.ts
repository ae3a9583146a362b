import { formatShape, unitRoundoff, type FloatDType } from "@losses/core";
import { isNoNumber, spanAt, type Bounded, type Span } from "../analysis/bounded.js";
import { held } from "../analysis/doors.js";
import { precisionOf } from "../analysis/precision.js";
import type { CaseTensor } from "../cases/caseFormat.js";
import type { OutputBounds } from "./oracle.js";

/** One element that is farther from the truth than the analysis allows. */
export interface Discrepancy {
  /** `value` or `grad(input)`. */
  readonly output: string;
  readonly message: string;
}

/** Elements of which too little is claimed to tell a right result from a wrong one. */
export interface Unclaimed {
  /** Rounding leaves a decision or a pole open, or all digits are lost. */
  readonly rounding: number;
  /** The dtype's smallest or largest number stands in the way; with a wider range there would be a claim. */
  readonly range: number;
}

/** How one result tensor compares with the truth. */
export interface Comparison {
  readonly discrepancies: readonly Discrepancy[];
  /** The largest error in units of what is allowed. */
  readonly worst: number;
  /** The largest error as a number. */
  readonly worstAbsolute: number;
  readonly elements: number;
  readonly unclaimed: Unclaimed;
}

export const allClaimed: Unclaimed = { rounding: 0, range: 0 };

export function sumUnclaimed(parts: readonly Unclaimed[]): Unclaimed {
  return parts.reduce(
    (sum, { rounding, range }) => ({
      rounding: sum.rounding + rounding,
      range: sum.range + range,
    }),
    allClaimed,
  );
}

/**
 * What the expected numbers themselves may be off by: they were computed in float64, where something that is 0 on
 * paper comes out as a few units in the last place of whatever it was the difference of.
 */
const fixtureNoise = 2 ** -48;

/** How far a result may be from each expected number. */
export function tolerances(expected: readonly number[], bound: Bounded, dtype: FloatDType): Float64Array {
  const own = ownShare(dtype);
  const noise = fixtureNoise * Math.max(1, largest(expected));
  return bound.error.map((error) => error * (1 + own) + noise);
}

/** The fixture went through the same formula in float64: its own share of the error, scaled down. */
function ownShare(dtype: FloatDType): number {
  return unitRoundoff("float64") / precisionOf(dtype).unit;
}

function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
}

/** Compares a result with the truth, element by element. */
export function compareTensor(
  output: string,
  expected: CaseTensor,
  actual: CaseTensor,
  bound: OutputBounds,
  dtype: FloatDType,
): Comparison {
  const elements = expected.data.length;
  const shapes = [actual.shape, bound.shape].find((shape) => formatShape(shape) !== formatShape(expected.shape));
  if (shapes !== undefined || actual.data.length !== elements) {
    const message = `${output}: expected shape ${formatShape(expected.shape)}, got ${formatShape(shapes ?? actual.shape)}`;
    const discrepancies = [{ output, message }];
    return { discrepancies, worst: Infinity, worstAbsolute: Infinity, elements, unclaimed: allClaimed };
  }
  const { storage } = precisionOf(dtype);
  const truths = expected.data.map((truth) => held(truth, storage));
  const allowed = tolerances(truths, bound, dtype);
  const scale = largest(truths);
  const discrepancies: Discrepancy[] = [];
  let [worst, worstAbsolute, rounding, range] = [0, 0, 0, 0];
  truths.forEach((truth, i) => {
    const tolerance = allowed[i] ?? 0;
    if (!claims(bound, i, scale)) {
      if (bound.wider !== undefined && claims(bound.wider, i, scale)) range += 1;
      else rounding += 1;
    }
    const got = actual.data[i] ?? Number.NaN;
    const position = expected.shape.length === 0 ? "" : `[${i}]`;
    const report = (allowance: string): void => {
      const message = `${output}${position}: expected ${truth}, got ${got}, allowed ${allowance}`;
      discrepancies.push({ output, message });
    };
    if (tolerance === Infinity) {
      const broken = brokenSide(spanAt(bound, i), got);
      if (broken !== undefined) report(broken);
      return;
    }
    const distance = distanceOf(truth, got);
    worst = Math.max(worst, distance / tolerance);
    worstAbsolute = Math.max(worstAbsolute, distance);
    if (distance > tolerance) report(`±${tolerance.toPrecision(3)}`);
  });
  return { discrepancies, worst, worstAbsolute, elements, unclaimed: { rounding, range } };
}

/** True if the bound is narrower than the expected numbers are large; of zeros, any bound tells something. */
export function claims(bound: Bounded, i: number, scale: number): boolean {
  const error = bound.error[i] ?? Infinity;
  return error < Infinity && (error <= scale || scale <= fixtureNoise);
}

/** Where a range is open to one side, what the other side says of a result that is beyond it. */
function brokenSide(span: Span, got: number): string | undefined {
  const { low, high, nan } = span;
  if (nan || isNoNumber(span)) return undefined;
  if (low > -Infinity && !(got >= low)) return `≥ ${low}`;
  return high < Infinity && !(got <= high) ? `≤ ${high}` : undefined;
}

/** 0 between equal infinities and between NaNs; infinite between a number and either. */
function distanceOf(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const distance = Math.abs(a - b);
  return Number.isNaN(distance) ? Infinity : distance;
}
