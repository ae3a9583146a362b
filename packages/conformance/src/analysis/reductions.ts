import { opTable, type NodeOf } from "@losses/core";
import { allocate, at, type Bounded } from "./bounded.js";
import { linesAlong } from "./layout.js";
import { isExactDType, quantum, type Precision } from "./precision.js";
import { limit } from "./rounding.js";

/**
 * The error of a sum of terms in any order, blocked or not: (n - 1)·unit·Σ|x| on top of the terms' own errors.
 * Nothing is lost if all terms are exact multiples of one quantum and no partial sum can outgrow the significand.
 */
export class Sum {
  total = 0;
  #size = 0;
  #inherited = 0;
  #quantum = Infinity;
  #rounded = 0;
  #terms = 0;

  /** `rounding` is the error that the term's own computation adds to what it inherits. */
  add(value: number, inherited: number, roundings = 0): void {
    this.total += value;
    this.#terms += 1;
    this.#rounded = Math.max(this.#rounded, roundings);
    this.#inherited += inherited;
    this.#size += Math.abs(value);
    if (value !== 0 && Number.isFinite(value)) this.#quantum = Math.min(this.#quantum, quantum(value));
  }

  error(precision: Precision): number {
    if (!Number.isFinite(this.total) && !Number.isNaN(this.#inherited) && this.#inherited < Infinity) {
      return Number.isFinite(this.#size) ? Infinity : 0;
    }
    if (!(this.#inherited < Infinity)) return Infinity;
    if (this.#inherited === 0 && this.#size < 2 ** precision.bits * this.#quantum) return 0;
    const roundings = Math.max(0, this.#terms - 1) + this.#rounded;
    if (this.#size + this.#inherited > precision.huge) return Infinity;
    return limit(this.total, this.#inherited + roundings * precision.unit * (this.#size + this.#inherited), precision);
  }
}

export function boundSum(
  node: NodeOf<"reduceSum">,
  x: Bounded,
  shape: readonly number[],
  precision: Precision,
): Bounded {
  const result = allocate(shape, x.dtype);
  const { starts, steps } = linesAlong(x.shape, node.attrs.axes);
  for (let o = 0; o < starts.length; o++) {
    const sum = new Sum();
    let doubt = 0;
    for (const step of steps) {
      const p = at(starts, o) + step;
      doubt += at(x.error, p);
      sum.add(at(x.value, p), at(x.error, p));
    }
    result.value[o] = sum.total;
    result.error[o] = isExactDType(x.dtype) ? doubt : sum.error(precision);
  }
  return result;
}

/** The extreme of ranges lies between the extremes of their ends. */
export function boundExtreme(
  node: NodeOf<"reduceMax"> | NodeOf<"reduceMin">,
  x: Bounded,
  shape: readonly number[],
): Bounded {
  const f = node.op === "reduceMax" ? Math.max : Math.min;
  const start = node.op === "reduceMax" ? -Infinity : Infinity;
  const result = allocate(shape, x.dtype);
  const { starts, steps } = linesAlong(x.shape, node.attrs.axes);
  for (let o = 0; o < starts.length; o++) {
    let [y, low, high] = [start, start, start];
    let lost = false;
    for (const step of steps) {
      const p = at(starts, o) + step;
      const [v, e] = [at(x.value, p), at(x.error, p)];
      if (e === Infinity) lost = true;
      [y, low, high] = [f(y, v), f(low, v - e), f(high, v + e)];
    }
    result.value[o] = y;
    result.error[o] = lost ? Infinity : Number.isFinite(y) ? Math.max(high - y, y - low) : 0;
  }
  return result;
}

/** The normalisation that log-sum-exp, softmax and log-softmax share, for one line. */
interface Normalised {
  readonly max: number;
  /** log Σ exp(x - max). */
  readonly logSum: number;
  readonly share: (p: number) => number;
  /** Σ share·error: how the line's errors move its log-sum-exp. */
  readonly carried: number;
  /** Σ share·|x - max|: how the rounding of the differences moves it. */
  readonly shifted: number;
  readonly largestError: number;
}

function normalise(x: Bounded, start: number, steps: Int32Array): Normalised {
  let max = -Infinity;
  for (const step of steps) max = Math.max(max, at(x.value, start + step));
  const weight = (p: number): number => Math.exp(at(x.value, p) - max);
  let sum = 0;
  for (const step of steps) sum += weight(start + step);
  let [carried, shifted, largestError] = [0, 0, 0];
  for (const step of steps) {
    const p = start + step;
    const share = weight(p) / sum;
    const [v, e] = [at(x.value, p), at(x.error, p)];
    largestError = Math.max(largestError, e);
    if (e > 0) carried += share * e;
    if (share > 0) shifted += share * Math.abs(v - max);
  }
  return { max, logSum: Math.log(sum), share: (p) => weight(p) / sum, carried, shifted, largestError };
}

/** What summing, exponentiating and taking the logarithm cost, in absolute terms. */
function normaliseError(line: Normalised, n: number, ulp: number, unit: number): number {
  return unit * (line.shifted + n - 1 + 2 * ulp * (n > 1 ? 1 + Math.abs(line.logSum) : 0));
}

/**
 * d(log Σ eˣ) = Σ share·dx. Along the way to the perturbed point no share grows by more than e^(2·largest error),
 * which makes the first-order bound a bound.
 */
function growth(line: Normalised): number {
  return Math.exp(2 * line.largestError);
}

export function boundLogSumExp(
  node: NodeOf<"reduceLogSumExp">,
  x: Bounded,
  shape: readonly number[],
  precision: Precision,
): Bounded {
  const result = allocate(shape, x.dtype);
  const { starts, steps } = linesAlong(x.shape, node.attrs.axes);
  for (let o = 0; o < starts.length; o++) {
    const line = normalise(x, at(starts, o), steps);
    const degenerate = !Number.isFinite(line.max);
    const y = degenerate ? line.max : line.max + line.logSum;
    const own = normaliseError(line, steps.length, opTable.reduceLogSumExp.ulp, precision.unit);
    const error = line.carried * growth(line) + own + (steps.length > 1 ? precision.unit * Math.abs(y) : 0);
    result.value[o] = y;
    result.error[o] = degenerate ? (line.largestError === 0 ? 0 : Infinity) : limit(y, error, precision);
  }
  return result;
}

export function boundNormalizer(
  node: NodeOf<"softmax"> | NodeOf<"logSoftmax">,
  x: Bounded,
  precision: Precision,
): Bounded {
  const result = allocate(x.shape, x.dtype);
  const { starts, steps } = linesAlong(x.shape, [node.attrs.axis]);
  for (const start of starts) {
    const line = normalise(x, start, steps);
    const degenerate = !Number.isFinite(line.max);
    const own = normaliseError(line, steps.length, opTable[node.op].ulp, precision.unit);
    for (const step of steps) {
      const p = start + step;
      const [v, e] = [at(x.value, p), at(x.error, p)];
      const share = line.share(p);
      const logShare = v - line.max - line.logSum;
      const y = node.op === "softmax" ? share : logShare;
      result.value[p] = y;
      if (degenerate || !Number.isFinite(v)) {
        result.error[p] = line.largestError < Infinity ? 0 : Infinity;
        continue;
      }
      // d(log share) = (1 - share)·dx - Σ over the others of share·dx
      const carried = (e * (1 - share) + Math.max(0, line.carried - share * e)) * growth(line);
      const absolute =
        carried + own + (steps.length > 1 ? precision.unit * (v === line.max ? 0 : Math.abs(v - line.max)) : 0);
      const error =
        node.op === "softmax"
          ? share * (Math.expm1(absolute) + (steps.length > 1 ? 2 * opTable.softmax.ulp * precision.unit : 0))
          : absolute + precision.unit * Math.abs(y);
      result.error[p] = Number.isNaN(error) ? Infinity : limit(y, error, precision);
    }
  }
  return result;
}

/** n products and their sum, fused or not: n·unit·Σ|ab|. */
export function boundMatmul(a: Bounded, b: Bounded, shape: readonly number[], precision: Precision): Bounded {
  const [n = 0, m = 0] = shape;
  const k = a.shape[1] ?? 0;
  const result = allocate(shape, a.dtype);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const sum = new Sum();
      for (let l = 0; l < k; l++) {
        const [p, q] = [i * k + l, l * m + j];
        const [x, y, ex, ey] = [at(a.value, p), at(b.value, q), at(a.error, p), at(b.error, q)];
        sum.add(x * y, productError(x, y, ex, ey), 1);
      }
      result.value[i * m + j] = sum.total;
      result.error[i * m + j] = sum.error(precision);
    }
  }
  return result;
}

function productError(x: number, y: number, ex: number, ey: number): number {
  if (ex === 0 && ey === 0) return 0;
  if (Number.isFinite(x) && Number.isFinite(y)) return Math.abs(x) * ey + Math.abs(y) * ex + ex * ey;
  const certain = (Number.isFinite(x) ? Math.abs(x) > ex : true) && (Number.isFinite(y) ? Math.abs(y) > ey : true);
  return certain ? 0 : Infinity;
}
