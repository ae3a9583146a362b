import type { Bytes } from "../assembler/bytes.js";
import { f32x4, i32, i32x4, v128 } from "../assembler/instructions.js";
import { float, integer, polynomial, withSignOf, type Writer } from "./writer.js";

// (eʳ - 1 - r) / r² for |r| ≤ log 2 / 2, to 3·10⁻⁹ of eʳ
const exponentialSeries = [0.49999994, 0.1666652, 0.041668389, 0.0083687352, 0.001381456];

/** log 2 in two numbers, the first so short that its product with an exponent is exact. */
export const log2High: number = 0.693359375;
export const log2Low: number = Math.LN2 - log2High;

/** 1.5·2²³: a number that is added to it is rounded to an integer, which then is in the low bits. */
const rounder = 12582912;

/** eʳ - 1 for |r| ≤ log 2 / 2 */
function exponentialNearZero({ keep, ...writer }: Writer, r: Bytes): Bytes {
  return keep(writer.multiplyAdd(f32x4.mul(r, r), polynomial({ keep, ...writer }, exponentialSeries, r), r));
}

/** x = n·log 2 + r: n + `rounder`, and eʳ - 1. */
function exponentialParts(writer: Writer, x: Bytes): { readonly shifted: Bytes; readonly mantissa: Bytes } {
  const { keep, multiplyAdd } = writer;
  const shifted = keep(multiplyAdd(x, float(writer, Math.LOG2E), float(writer, rounder)));
  const n = keep(f32x4.sub(shifted, float(writer, rounder)));
  const r = keep(multiplyAdd(n, float(writer, -log2Low), multiplyAdd(n, float(writer, -log2High), x)));
  return { shifted, mantissa: exponentialNearZero(writer, r) };
}

/** 2ᵏ⁺ᵇ for an integer in the low bits of k, where the sum of both is the exponent of a normal number. */
function powerOfTwo(writer: Writer, k: Bytes, b = 0): Bytes {
  return i32x4.add(i32x4.shl(k, i32.const(23)), integer(writer, (127 + b) << 23));
}

/** 2ⁿ·(1 + m) with `shifted` = n + `rounder`. */
function scaled(writer: Writer, shifted: Bytes, m: Bytes): Bytes {
  // 2ⁿ in two factors, each of which is a normal number. The bits of 1.5·2²³, halved or not, are shifted out of both.
  const half = writer.keep(i32x4.shr(shifted, i32.const(1)));
  const first = f32x4.mul(f32x4.add(m, float(writer, 1)), powerOfTwo(writer, half));
  return f32x4.mul(first, powerOfTwo(writer, i32x4.sub(shifted, half)));
}

/** eˣ for x in [-105, 89]: beyond, it is 0 or ∞. */
function exponentialWithin(writer: Writer, x: Bytes): Bytes {
  const { shifted, mantissa } = exponentialParts(writer, writer.keep(x));
  return scaled(writer, shifted, mantissa);
}

function between(writer: Writer, low: number, high: number, x: Bytes): Bytes {
  return f32x4.pmin(f32x4.pmax(x, float(writer, low)), float(writer, high));
}

export function exponential(writer: Writer, x: Bytes): Bytes {
  return exponentialWithin(writer, between(writer, -105, 89, x));
}

/** 2ⁿ⁺ʳ for n in [-151, 129] and |r| ≤ ½. */
export function exponentialOfTwo(writer: Writer, n: Bytes, r: Bytes): Bytes {
  const shifted = writer.keep(f32x4.add(n, float(writer, rounder)));
  const mantissa = exponentialNearZero(writer, writer.keep(f32x4.mul(r, float(writer, Math.LN2))));
  return scaled(writer, shifted, mantissa);
}

/** (eˣ - 1)/2 = 2ⁿ⁻¹·(eʳ - 1) + (2ⁿ⁻¹ - ½) for x in [-18, 89]: 2ⁿ itself may be ∞ where the result is not. */
function halfExpm1(writer: Writer, operand: Bytes): Bytes {
  const { keep, multiplyAdd } = writer;
  const { shifted, mantissa } = exponentialParts(writer, keep(operand));
  const power = keep(powerOfTwo(writer, shifted, -1));
  return keep(multiplyAdd(power, mantissa, f32x4.sub(power, float(writer, 0.5))));
}

/** eˣ - 1 */
export function expm1(writer: Writer, x: Bytes): Bytes {
  // Beyond these bounds the result is -1 or ∞.
  const half = halfExpm1(writer, between(writer, -18, 89, x));
  return withSignOf(writer, x, f32x4.add(half, half));
}

/** tanh |x| = h / (h + 1) with h = (e^2|x| - 1)/2; 1 from 10 on. */
export function tanh(writer: Writer, x: Bytes): Bytes {
  const size = writer.keep(f32x4.abs(x));
  const half = halfExpm1(writer, f32x4.pmin(f32x4.add(size, size), float(writer, 20)));
  return withSignOf(writer, x, f32x4.div(half, f32x4.add(half, float(writer, 1))));
}

// log(1 - erf x) / x on [0, 4], to 4·10⁻⁹ of erf x
const complementSeries = [
  -1.1283791716, -0.63661938178, -0.10277783193, 0.019153068687, 0.00016038761671, -0.0016670188726, 0.00063283176574,
  -0.00011763965506, 0.0000092560555167,
];

/** erf |x| = 1 - e^log(1 - erf |x|); 1 from 4 on. */
export function errorFunction(writer: Writer, x: Bytes): Bytes {
  const size = writer.keep(f32x4.pmin(f32x4.abs(x), float(writer, 4)));
  const half = halfExpm1(writer, f32x4.mul(size, polynomial(writer, complementSeries, size)));
  return withSignOf(writer, x, f32x4.abs(f32x4.add(half, half)));
}

/** e^-|x|, which sigmoid and softplus of the same x share. */
function decay(writer: Writer, x: Bytes): Bytes {
  const negative = v128.or(x, float(writer, -0));
  return writer.keep(exponentialWithin(writer, f32x4.pmax(negative, float(writer, -105))));
}

/** 1 / (1 + e⁻ˣ) from 0 on, eˣ / (1 + eˣ) below. */
export function sigmoid(writer: Writer, x: Bytes): Bytes {
  const e = decay(writer, x);
  const one = float(writer, 1);
  // e ≤ 1
  const above = f32x4.pmax(e, v128.and(one, f32x4.le(f32x4.const(0), x)));
  return f32x4.div(above, f32x4.add(e, one));
}

// 2·artanh(√z)/√z for z in [0, 1/9], to 4·10⁻⁹
const artanhSeries = [2, 0.6666632, 0.40024596, 0.27965158, 0.2815778];

/** log(1 + eˣ) = max(x, 0) + 2·artanh(e / (2 + e)) with e = e^-|x|. */
export function softplus(writer: Writer, x: Bytes): Bytes {
  const { keep, multiplyAdd } = writer;
  const e = decay(writer, x);
  const s = keep(f32x4.div(e, f32x4.add(e, float(writer, 2))));
  const z = keep(f32x4.mul(s, s));
  return multiplyAdd(s, polynomial(writer, artanhSeries, z), f32x4.pmax(x, f32x4.const(0)));
}
