import { formatShape, unitRoundoff, type FloatDType } from "@losses/core";
import type { Bounded } from "../analysis/bounded.js";
import type { CaseTensor } from "../cases/caseFormat.js";

/** One element that is farther from the truth than the analysis allows. */
export interface Discrepancy {
  /** `value` or `grad(input)`. */
  readonly output: string;
  readonly message: string;
}

/** How one result tensor compares with the truth. */
export interface Comparison {
  readonly discrepancies: readonly Discrepancy[];
  /** The largest error in units of what is allowed. */
  readonly worst: number;
  /** The largest error as a number. */
  readonly worstAbsolute: number;
  readonly elements: number;
  /** Elements of which the analysis claims nothing. */
  readonly unbounded: number;
}

/**
 * What the expected numbers themselves may be off by: they were computed in float64, where something that is 0 on
 * paper comes out as a few units in the last place of whatever it was the difference of.
 */
const fixtureNoise = 2 ** -48;

/** How far a result may be from each expected number. */
export function tolerances(expected: readonly number[], bound: Bounded, dtype: FloatDType): Float64Array {
  const scale = expected.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
  // The fixture went through the same formula in float64: its own share of the error, scaled down.
  const own = unitRoundoff("float64") / unitRoundoff(dtype);
  return bound.error.map((error) => error * (1 + own) + fixtureNoise * scale);
}

/** Compares a result with the truth, element by element. */
export function compareTensor(
  output: string,
  expected: CaseTensor,
  actual: CaseTensor,
  bound: Bounded,
  dtype: FloatDType,
): Comparison {
  const elements = expected.data.length;
  const shapes = [actual.shape, bound.shape].find((shape) => formatShape(shape) !== formatShape(expected.shape));
  if (shapes !== undefined || actual.data.length !== elements) {
    const message = `${output}: expected shape ${formatShape(expected.shape)}, got ${formatShape(shapes ?? actual.shape)}`;
    return { discrepancies: [{ output, message }], worst: Infinity, worstAbsolute: Infinity, elements, unbounded: 0 };
  }
  const allowed = tolerances(expected.data, bound, dtype);
  const discrepancies: Discrepancy[] = [];
  let [worst, worstAbsolute, unbounded] = [0, 0, 0];
  expected.data.forEach((truth, i) => {
    const tolerance = allowed[i] ?? 0;
    if (tolerance === Infinity) {
      unbounded += 1;
      return;
    }
    const got = actual.data[i] ?? Number.NaN;
    const distance = distanceOf(truth, got);
    worst = Math.max(worst, distance / tolerance);
    worstAbsolute = Math.max(worstAbsolute, distance);
    if (distance <= tolerance) return;
    const position = expected.shape.length === 0 ? "" : `[${i}]`;
    const message = `${output}${position}: expected ${truth}, got ${got}, allowed ±${tolerance.toPrecision(3)}`;
    discrepancies.push({ output, message });
  });
  return { discrepancies, worst, worstAbsolute, elements, unbounded };
}

/** 0 between equal infinities and between NaNs; infinite between a number and either. */
function distanceOf(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const distance = Math.abs(a - b);
  return Number.isNaN(distance) ? Infinity : distance;
}
