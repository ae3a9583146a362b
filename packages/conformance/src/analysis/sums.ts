import { isFloat, type DType, type NodeOf } from "@losses/core";
import { asInteger, at, isExact, isNoNumber, noNumber, put, spanAt, type Bounds, type Span } from "./bounded.js";
import { productOf } from "./arithmetic.js";
import { leadingOffsets, linesAlong } from "./strides.js";
import { quantum, type Precision } from "./precision.js";
import { inRange, slack } from "./rounding.js";

/**
 * The range of a sum of terms in any order, blocked or not. In each order it grows with every term, so that its ends come from
 * the terms' ends: Σ - (n - 1)·unit·Σ|x| of the lower ones, Σ + (n - 1)·unit·Σ|x| of the upper ones.
 * Nothing is lost if all terms are exact multiples of one quantum and no partial sum can outgrow the significand.
 */
export class Sum {
  #terms = 0;
  #isNothing = false;
  #mayBeNaN = false;
  #isExact = true;
  /** Whether every term is a number ≥ 0, a plain zero at the least. */
  #isPlain = true;
  readonly #low = new Total();
  #lowSize = 0;
  readonly #high = new Total();
  #highSize = 0;
  /** What the positive and the negative terms can come to. */
  #positive = 0;
  #negative = 0;
  #up: Infinite = { ends: 0, both: 0, certain: false };
  #down: Infinite = { ends: 0, both: 0, certain: false };
  #quantum = Infinity;
  #least = Infinity;

  add(term: Span): void {
    const { low, high } = term;
    this.#terms += 1;
    if (isNoNumber(term)) {
      this.#isNothing = true;
      return;
    }
    if (term.nan) this.#mayBeNaN = true;
    if (!(low > 0 || Object.is(low, 0))) this.#isPlain = false;
    if (low === Infinity || high === -Infinity) {
      if (low === Infinity) this.#up = infinite(this.#up, 0, true);
      else this.#down = infinite(this.#down, 0, true);
      return;
    }
    const both = low === -Infinity && high === Infinity ? 1 : 0;
    if (high === Infinity) this.#up = infinite(this.#up, both, false);
    else {
      this.#high.add(high);
      this.#highSize += Math.abs(high);
    }
    if (low === -Infinity) this.#down = infinite(this.#down, both, false);
    else {
      this.#low.add(low);
      this.#lowSize += Math.abs(low);
    }
    if (high > 0) this.#positive += high;
    if (low < 0) this.#negative -= low;
    if (low === high) {
      if (low !== 0) this.#quantum = Math.min(this.#quantum, quantum(low));
    } else this.#isExact = false;
    if (low !== 0 || high !== 0) this.#least = Math.min(this.#least, low > 0 ? low : high < 0 ? -high : 0);
  }

  /** @param roundings how many of them a term takes on its way: one for each addition, and one more for products */
  finish(precision: Precision, roundings: number = Math.max(0, this.#terms - 1)): Span {
    const { tiny, huge, unit } = precision;
    const [up, down] = [this.#up, this.#down];
    if (this.#isNothing || (up.certain && down.certain)) return noNumber;
    if (this.#terms === 0) return { low: 0, high: 0, nan: false };
    if (this.#losesNothing(precision))
      return { low: this.#zero(this.#low.value), high: this.#high.value, nan: this.#mayBeNaN };
    // Partial sums of both signs may come to nearly nothing, and be nothing where such numbers are flushed.
    const isMixed = this.#positive > 0 && this.#negative > 0;
    const flushed = isMixed && this.#least < tiny / unit ? roundings * tiny : 0;
    const share = roundings === 0 ? 0 : roundings * unit + slack;
    const [above, below] = [this.#highSize * share + flushed, this.#lowSize * share + flushed];
    const [mayBeUp, mayBeDown] = [
      up.certain || this.#positive + above > huge,
      down.certain || this.#negative + below > huge,
    ];
    // ∞ - ∞, of different terms or of partial sums
    const cancels = up.ends > 0 && down.ends > 0 && !(up.ends === 1 && down.ends === 1 && up.both === 1);
    const nan = this.#mayBeNaN || cancels || (this.#terms > 1 && mayBeUp && mayBeDown);
    if (up.certain) return { low: Infinity, high: Infinity, nan };
    if (down.certain) return { low: -Infinity, high: -Infinity, nan };
    const least = this.#isPlain ? Math.max(0, this.#low.value - below) : this.#low.value - below;
    const low = mayBeDown ? -Infinity : this.#zero(least);
    return inRange({ low, high: mayBeUp ? Infinity : this.#high.value + above, nan }, precision);
  }

  #losesNothing({ bits, tiny, huge }: Precision): boolean {
    if (!this.#isExact || this.#up.ends + this.#down.ends > 0) return false;
    const size = this.#positive + this.#negative;
    return size < 2 ** bits * this.#quantum && size <= huge && this.#quantum >= tiny;
  }

  #zero(low: number): number {
    return low === 0 && !this.#isPlain ? -0 : low;
  }
}

/** A sum of finite numbers that loses next to nothing (Neumaier's). */
class Total {
  #sum = 0;
  #lost = 0;

  add(term: number): void {
    const next = this.#sum + term;
    this.#lost += Math.abs(this.#sum) >= Math.abs(term) ? this.#sum - next + term : term - next + this.#sum;
    this.#sum = next;
  }

  get value(): number {
    return Number.isFinite(this.#sum) ? this.#sum + this.#lost : this.#sum;
  }
}

/** Terms that may be infinite on one side: how many, how many of those on both, and whether one is for certain. */
interface Infinite {
  readonly ends: number;
  readonly both: number;
  readonly certain: boolean;
}

function infinite({ ends, both, certain }: Infinite, isBoth: number, isCertain: boolean): Infinite {
  return { ends: ends + 1, both: both + isBoth, certain: certain || isCertain };
}

/** A sum of floats, or of integers, which wrap as machines please. */
export class Totals {
  readonly #isFloat: boolean;
  readonly #sum = new Sum();
  #low = 0;
  #high = 0;

  constructor(dtype: DType) {
    this.#isFloat = isFloat(dtype);
  }

  add(term: Span): void {
    if (this.#isFloat) this.#sum.add(term);
    else [this.#low, this.#high] = [this.#low + term.low, this.#high + term.high];
  }

  finish(precision: Precision): Span {
    if (this.#isFloat) return this.#sum.finish(precision);
    return asInteger({ low: this.#low, high: this.#high, nan: false });
  }
}

export function boundSum(node: NodeOf<"reduceSum">, x: Bounds, to: Bounds, precision: Precision): void {
  const { starts, steps } = linesAlong(x.shape, node.attrs.axes);
  for (let o = 0; o < starts.length; o++) {
    const sum = new Totals(x.dtype);
    for (const step of steps) sum.add(spanAt(x, at(starts, o) + step));
    put(to, o, sum.finish(precision));
  }
}

/** Each is the sum of a longer part of its line, in any order. */
export function boundCumsum(node: NodeOf<"cumsum">, x: Bounds, to: Bounds, precision: Precision): void {
  const { axis, exclusive, reverse } = node.attrs;
  const { starts, steps } = linesAlong(x.shape, [axis]);
  const order = reverse ? steps.slice().reverse() : steps;
  for (const start of starts) {
    const sum = new Sum();
    for (const step of order) {
      const p = start + step;
      if (exclusive) put(to, p, sum.finish(precision));
      sum.add(spanAt(x, p));
      if (!exclusive) put(to, p, sum.finish(precision));
    }
  }
}

/** k products and their sum, fused or not: k·unit·Σ|ab|. */
export function boundMatmul(a: Bounds, b: Bounds, to: Bounds, precision: Precision): void {
  const [n = 0, m = 0] = to.shape.slice(-2);
  const k = a.shape.at(-1) ?? 0;
  const batch = to.shape.slice(0, -2);
  const [as, bs] = [leadingOffsets(a.shape, batch), leadingOffsets(b.shape, batch)];
  for (let o = 0; o < to.value.length; o++) {
    const [i, j] = [Math.floor(o / m) % n, o % m];
    const matrix = Math.floor(o / (n * m));
    const [row, column] = [at(as, matrix) + i * k, at(bs, matrix) + j];
    const sum = new Sum();
    for (let l = 0; l < k; l++) sum.add(product(spanAt(a, row + l), spanAt(b, column + l * m), precision));
    put(to, o, sum.finish(precision, k));
  }
}

function product(x: Span, y: Span, precision: Precision): Span {
  if (isExact(x) && isExact(y)) {
    const exact = x.low * y.low;
    if (Number.isNaN(exact)) return noNumber;
    return onGrid({ low: exact, high: exact, nan: false }, precision);
  }
  return isNoNumber(x) || isNoNumber(y) ? noNumber : onGrid(productOf(x, y), precision);
}

/** Products below the smallest normal number are rounded to steps of one size, if they are not lost: half a step either way. */
function onGrid(span: Span, precision: Precision): Span {
  const { low, high, nan } = inRange(span, precision);
  const { tiny, unit } = precision;
  const half = unit * tiny;
  return {
    low: low < 0 && low > -tiny ? low - half : low,
    high: high > 0 && high < tiny ? high + half : high,
    nan,
  };
}
