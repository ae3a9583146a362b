import { opTable, type NodeOf } from "@losses/core";
import { at, between, noNumber, put, spanAt, type Bounds, type Span } from "./bounded.js";
import { linesAlong } from "./strides.js";
import type { Precision } from "./precision.js";
import { inRange, slack } from "./rounding.js";

/** log Σ eˣ along a line, in float64: of values, or of the lower or upper ends. */
interface Total {
  readonly max: number;
  /** Σ e^(x - max). */
  readonly sum: number;
}

function totalOf(x: Float64Array, start: number, steps: Int32Array): Total {
  let max = -Infinity;
  for (const step of steps) max = Math.max(max, at(x, start + step));
  let sum = 0;
  for (const step of steps) sum += Math.exp(at(x, start + step) - max);
  return { max, sum };
}

function logOf({ max, sum }: Total): number {
  return Number.isFinite(max) ? max + Math.log(sum) : max;
}

/** Whether a line holds NaN, or may. */
function nanOf(x: Bounds, start: number, steps: Int32Array): "never" | "maybe" | "certain" {
  let found: "never" | "maybe" = "never";
  for (const step of steps) {
    const { low, high, nan } = spanAt(x, start + step);
    if (low > high) return "certain";
    if (nan) found = "maybe";
  }
  return found;
}

/**
 * What subtracting the maximum, exponentiating, summing and taking the logarithm cost, in absolute terms.
 *
 * The rounding of the differences comes to H = Σ share·(max - x), which is at most log n and follows a change of all x by d with
 * at most d·(2 + 2 log n); log Σ e^(x - max) follows with 2d. An exponential below the smallest normal number may be lost.
 */
function costOf(x: Bounds, start: number, steps: Int32Array, ulp: number, { unit, tiny }: Precision): number {
  const n = steps.length;
  if (n <= 1) return 0;
  const { max, sum } = totalOf(x.value, start, steps);
  let [entropy, change] = [0, 0];
  for (const step of steps) {
    const value = at(x.value, start + step);
    const { low, high } = spanAt(x, start + step);
    const share = Math.exp(value - max) / sum;
    if (share > 0) entropy += share * (max - value);
    if (low !== high) change = Math.max(change, high - value, value - low);
  }
  const most = Math.log(n);
  const differences = atMost(most, entropy + change * (2 + 2 * most));
  const logarithm = atMost(most, Math.log(sum) + 2 * change);
  return unit * (differences + n - 1 + 2 * ulp * (1 + logarithm)) + slack + (n - 1) * tiny;
}

/** The smaller of two; the bound where the other is NaN, as of a line with infinite numbers. */
function atMost(bound: number, x: number): number {
  return x < bound ? x : bound;
}

/** log Σ eˣ grows with each x. */
export function boundLogSumExp(node: NodeOf<"reduceLogSumExp">, x: Bounds, to: Bounds, precision: Precision): void {
  const { starts, steps } = linesAlong(x.shape, node.attrs.axes);
  const { ulp } = opTable.reduceLogSumExp;
  for (let o = 0; o < starts.length; o++) {
    const start = at(starts, o);
    const nan = nanOf(x, start, steps);
    const [least, most] = [totalOf(x.low, start, steps), totalOf(x.high, start, steps)];
    const top = most.sum > precision.huge ? Infinity : logOf(most);
    const span = between(logOf(least), top, nan === "maybe");
    const cost = costOf(x, start, steps, ulp, precision);
    if (nan === "certain") put(to, o, noNumber);
    else put(to, o, steps.length > 1 ? widened(span, [cost, cost], precision) : span);
  }
}

/** Adds absolute errors to the ends, and one rounding of the result. */
function widened({ low, high, nan }: Span, [below, above]: readonly [number, number], precision: Precision): Span {
  const share = precision.unit + slack;
  const away = (end: number, cost: number): number => (Number.isFinite(end) ? cost + share * Math.abs(end) : 0);
  return inRange({ low: low - away(low, below), high: high + away(high, above), nan }, precision);
}

/** A share grows with its own x and falls with all others: its ends are known from theirs. */
export function boundNormalizer(
  node: NodeOf<"softmax"> | NodeOf<"logSoftmax">,
  x: Bounds,
  to: Bounds,
  precision: Precision,
): void {
  const { starts, steps } = linesAlong(x.shape, [node.attrs.axis]);
  for (const start of starts) {
    const nan = nanOf(x, start, steps);
    const line: Line = {
      least: sumsOfOthers(x.low, start, steps),
      most: sumsOfOthers(x.high, start, steps),
      cost: costOf(x, start, steps, opTable[node.op].ulp, precision),
      nan: nan !== "never",
    };
    steps.forEach((step, k) => {
      const p = start + step;
      put(to, p, nan === "certain" ? noNumber : shareOf(node.op, spanAt(x, p), line, k, precision));
    });
  }
}

interface Line {
  readonly least: Others;
  readonly most: Others;
  readonly cost: number;
  readonly nan: boolean;
}

/** The range of one element's share, or of its logarithm. */
function shareOf(
  op: "softmax" | "logSoftmax",
  { low, high }: Span,
  { least, most, cost, nan }: Line,
  k: number,
  precision: Precision,
): Span {
  const isShare = op === "softmax";
  // ∞ - ∞, where a number is infinite or all are -∞
  if (least.max === Infinity || most.max === -Infinity) return noNumber;
  if (most.max === Infinity) return { low: isShare ? 0 : -Infinity, high: isShare ? 1 : 0, nan: true };
  const mayBeNaN = nan || least.max === -Infinity;
  const none = isShare ? 0 : -Infinity;
  if (high === -Infinity) return { low: none, high: none, nan: mayBeNaN };
  const { low: l, high: h } = between(logShare(low, most, k), logShare(high, least, k), false);
  const isAlone = most.sums.length === 1;
  if (isAlone) return { low: isShare ? 1 : 0, high: isShare ? 1 : 0, nan: mayBeNaN };
  // The difference from the maximum is rounded first; it falls faster than its rounding grows.
  const { unit } = precision;
  const [below, above] = [low, high].map((end) => cost + (unit + slack) * Math.max(0, most.max - end));
  if (!isShare) return widened({ low: l, high: h, nan: mayBeNaN }, [below ?? 0, above ?? 0], precision);
  const share = 2 * opTable.softmax.ulp * unit;
  const floor = l === -Infinity ? 0 : Math.exp(l - (below ?? 0)) * (1 - share);
  return inRange({ low: Math.max(0, floor), high: Math.exp(h + (above ?? 0)) * (1 + share), nan: mayBeNaN }, precision);
}

/** Σ e^(x - max) over all elements of a line but one, for each. */
interface Others {
  readonly max: number;
  readonly sums: Float64Array;
}

/** Sums from either side, so that nothing is subtracted. */
function sumsOfOthers(x: Float64Array, start: number, steps: Int32Array): Others {
  const { max } = totalOf(x, start, steps);
  const weights = Float64Array.from(steps, (step) => (max === -Infinity ? 0 : Math.exp(at(x, start + step) - max)));
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (let k = 0; k < weights.length; k++) {
    sums[k] = sum;
    sum += at(weights, k);
  }
  sum = 0;
  for (let k = weights.length - 1; k >= 0; k--) {
    sums[k] = at(sums, k) + sum;
    sum += at(weights, k);
  }
  return { max, sums };
}

/** x - log(eˣ + Σ of the others). */
function logShare(x: number, { max, sums }: Others, k: number): number {
  if (x === -Infinity) return -Infinity;
  const others = at(sums, k);
  // Alone, or as good as.
  if (others === 0) return 0;
  // With d = x - m and t = log s: log(eᵈ + eᵗ) = max(d, t) + log(1 + e^-|d - t|)
  const [d, t] = [x - max, Math.log(others)];
  return d - Math.max(d, t) - Math.log1p(Math.exp(-Math.abs(d - t)));
}
