import { opTable, power, type NodeOf } from "@losses/core";
import { asInteger, at, isExact, isNoNumber, noNumber, put, spanAt, type Bounds, type Span } from "./bounded.js";
import { maximumOf, minimumOf } from "./extremes.js";
import { broadcastOffsets } from "./strides.js";
import { quantum, type Precision } from "./precision.js";
import { rounded } from "./rounding.js";

export type ArithmeticOp = "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum";

/** NaN where an operand is. */
function strict(image: (x: Span, y: Span) => Span): (x: Span, y: Span) => Span {
  return (x, y) => (isNoNumber(x) || isNoNumber(y) ? noNumber : image(x, y));
}

/** On ranges, before rounding. */
const images: { readonly [K in ArithmeticOp]: (x: Span, y: Span) => Span } = {
  add: strict(sumOf),
  sub: strict(differenceOf),
  mul: strict(productOf),
  div: strict(quotientOf),
  pow: powerOf,
  maximum: maximumOf,
  minimum: minimumOf,
};

/** Arithmetic of two operands, monotone in each on either side of 0: the range is known from the corners. */
export function boundArithmetic(
  node: NodeOf<ArithmeticOp>,
  x: Bounds,
  y: Bounds,
  to: Bounds,
  precision: Precision,
): void {
  const { op, inputs } = node;
  const image = images[op];
  const { ulp } = opTable[op];
  const isSquare = op === "mul" && inputs[0] === inputs[1];
  const [xs, ys] = [broadcastOffsets(x.shape, to.shape), broadcastOffsets(y.shape, to.shape)];
  for (let i = 0; i < to.value.length; i++) {
    const [a, b] = [spanAt(x, at(xs, i)), spanAt(y, at(ys, i))];
    const span = isSquare ? squareOf(a) : image(a, b);
    const isPair = arePoints(a, b);
    const isSettled = (isPair && isExactPair(op, a.low, b.low)) || (op === "pow" && isOne(a, b));
    if (x.dtype === "int32") put(to, i, asInteger(span));
    else put(to, i, ulp > 0 ? rounded(span, isSettled ? 0.5 : ulp, isPair || isSettled, precision) : span);
  }
}

/** Quotients by powers of two and powers of 0: exact wherever the op is right at all. */
function isExactPair(op: ArithmeticOp, x: number, y: number): boolean {
  if (op === "div") return x === 0 || (y !== 0 && Number.isFinite(y) && Math.abs(y) === quantum(y));
  return op === "pow" && x === 0;
}

/** x⁰ = 1ʸ = 1, also for NaN. */
function isOne(x: Span, y: Span): boolean {
  return (isExact(x) && x.low === 1) || (isExact(y) && y.low === 0);
}

/** ∞ - ∞ is NaN. */
function sumOf(x: Span, y: Span): Span {
  const cancels = (x.low === -Infinity && y.high === Infinity) || (x.high === Infinity && y.low === -Infinity);
  return ordered(x.low + y.low, x.high + y.high, x.nan || y.nan || cancels, isPlain(x) && isPlain(y));
}

function differenceOf(x: Span, y: Span): Span {
  const cancels = (x.low === -Infinity && y.low === -Infinity) || (x.high === Infinity && y.high === Infinity);
  return ordered(x.low - y.high, x.high - y.low, x.nan || y.nan || cancels, false);
}

/** Neither negative nor the negative zero. */
function isPlain({ low }: Span): boolean {
  return low > 0 || Object.is(low, 0);
}

/**
 * An end that is ∞ - ∞ is no end. A difference of 0 has either sign: x - y is written as -(y - x) where that suits.
 */
function ordered(low: number, high: number, nan: boolean, isPlainZero: boolean): Span {
  if (Number.isNaN(low) && Number.isNaN(high)) return noNumber;
  const least = low === 0 && !isPlainZero ? -0 : low;
  return { low: Number.isNaN(least) ? -Infinity : least, high: Number.isNaN(high) ? Infinity : high, nan };
}

/** The range of a product; 0·∞ is NaN. */
export function productOf(x: Span, y: Span): Span {
  const nan = x.nan || y.nan || (hasZero(x) && hasInfinity(y)) || (hasInfinity(x) && hasZero(y));
  return fromCorners([x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high], nan, arePoints(x, y));
}

/** A number times itself is not negative, and ∞ only meets ∞. */
function squareOf(x: Span): Span {
  if (isNoNumber(x)) return noNumber;
  const [a, b] = [x.low * x.low, x.high * x.high];
  return { low: x.low < 0 && x.high > 0 ? 0 : Math.min(a, b), high: Math.max(a, b), nan: x.nan };
}

function quotientOf(x: Span, y: Span): Span {
  const nan = x.nan || y.nan || (hasZero(x) && hasZero(y)) || (hasInfinity(x) && hasInfinity(y));
  // The pole of -0 is on the other side of what lies above.
  const isAcross = y.low < 0 ? y.high >= 0 : Object.is(y.low, -0) && y.high > 0;
  if (isAcross) return { low: -Infinity, high: Infinity, nan };
  const corners = [x.low / y.low, x.low / y.high, x.high / y.low, x.high / y.high];
  // 0 inside x is an end of the range of 0 / y.
  if (x.low < 0 && x.high > 0) corners.push(0);
  return fromCorners(corners, nan, arePoints(x, y));
}

/**
 * Corners that are NaN (0·∞, 0/0, ∞/∞) stand for NaN, and for the 0 that is all around them unless both operands are such
 * numbers and nothing else.
 */
function fromCorners(corners: readonly number[], nan: boolean, isPoint: boolean): Span {
  let [low, high] = [Infinity, -Infinity];
  let isVague = false;
  for (const corner of corners) {
    if (Number.isNaN(corner)) isVague = true;
    else [low, high] = [Math.min(low, corner), Math.max(high, corner)];
  }
  if (!isVague) return { low, high, nan };
  return isPoint && low > high ? noNumber : { low: Math.min(low, -0), high: Math.max(high, 0), nan: true };
}

function arePoints(x: Span, y: Span): boolean {
  return isExact(x) && isExact(y);
}

function hasZero({ low, high }: Span): boolean {
  return low <= 0 && high >= 0;
}

function hasInfinity({ low, high }: Span): boolean {
  return low === -Infinity || high === Infinity;
}

function powerOf(x: Span, y: Span): Span {
  if (isOne(x, y)) return one;
  if (isNoNumber(x) || isNoNumber(y)) return noNumberUnless(hasOne(x) || hasZero(y));
  const nan = x.nan || y.nan;
  if (isExact(x) && isExact(y)) {
    const exact = power(x.low, y.low);
    // A zero that may bear either sign has poles to both sides.
    if (x.low === 0 && y.low < 0 && isOdd(y.low) && mayBeEither(x)) return { low: -Infinity, high: Infinity, nan };
    return Number.isNaN(exact) ? noNumber : { low: exact, high: exact, nan };
  }
  const positive = x.high >= 0 ? positivePower({ ...x, low: Math.max(x.low, 0) }, y) : undefined;
  const negative =
    x.low < 0 || Object.is(x.low, -0) ? negativePower({ ...x, high: Math.min(x.high, -0) }, y) : undefined;
  if (positive === undefined || negative === undefined) return withNaN(positive ?? negative ?? noNumber, nan);
  if (isNoNumber(negative)) return withNaN(positive, true);
  return {
    low: Math.min(positive.low, negative.low),
    high: Math.max(positive.high, negative.high),
    nan: nan || positive.nan || negative.nan,
  };
}

const anything: Span = { low: -Infinity, high: Infinity, nan: true };
const one: Span = { low: 1, high: 1, nan: false };

function noNumberUnless(mayBeOne: boolean): Span {
  return mayBeOne ? { ...one, nan: true } : noNumber;
}

function withNaN(span: Span, nan: boolean): Span {
  return { ...span, nan: nan || span.nan };
}

function hasOne({ low, high }: Span): boolean {
  return low <= 1 && high >= 1;
}

function mayBeEither({ low }: Span): boolean {
  return Object.is(low, -0);
}

function isOdd(y: number): boolean {
  return Number.isInteger(y) && Math.abs(y % 2) === 1;
}

/** eˡᵒᵍ ˣ·ʸ is monotone along each side of a rectangle of log x and y. */
function positivePower(x: Span, y: Span): Span {
  return fromCorners(
    [power(x.low, y.low), power(x.low, y.high), power(x.high, y.low), power(x.high, y.high)],
    false,
    false,
  );
}

/** Of a negative number only whole powers are numbers; which, must be known. */
function negativePower(x: Span, y: Span): Span {
  if (!isExact(y)) return x.low === 0 && y.low > 0 ? { low: -0, high: 0, nan: false } : anything;
  if (!Number.isInteger(y.low)) {
    // (-∞)ʸ and (-0)ʸ are numbers all the same.
    const ends = [x.low === -Infinity ? power(-Infinity, y.low) : [], x.high === 0 ? power(0, y.low) : []].flat();
    return ends.length === 0 ? noNumber : { ...fromCorners(ends, false, false), nan: true };
  }
  return fromCorners([power(x.low, y.low), power(x.high, y.low)], false, false);
}
