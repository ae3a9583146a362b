import { callHost, type HostMath } from "./host.js";
import { f32, f32x4, f64, i32x4, v128 } from "./instructions.js";
import type { Bytes } from "./bytes.js";

/** Keeps what instructions compute, to be used more than once. */
export type Keep = (value: Bytes) => Bytes;

// (eʳ - 1 - r) / r² for |r| ≤ log 2 / 2, to 3·10⁻⁹ of eʳ
const exponentialSeries = [0.49999994, 0.1666652, 0.041668389, 0.0083687352, 0.001381456];

/** x split into a power of two and the rest, as the top of the mantissa allows: log 2 without its last digits. */
const log2High = 0.693359375;
const log2Low = Math.LN2 - log2High;

function polynomial(coefficients: readonly number[], x: Bytes): Bytes {
  const [last = 0, ...rest] = [...coefficients].reverse();
  return rest.reduce<Bytes>((sum, c) => f32x4.add(f32x4.mul(sum, x), f32x4.const(c)), f32x4.const(last));
}

/** eˣ = 2ⁿ·eʳ with r = x - n·log 2. */
export function exponential(keep: Keep, operand: Bytes): Bytes {
  // Beyond these bounds the result is 0 or ∞.
  const x = keep(f32x4.pmin(f32x4.pmax(operand, f32x4.const(-105)), f32x4.const(89)));
  // Adding 1.5·2²³ rounds to an integer, which then is in the low bits.
  const shifted = keep(f32x4.add(f32x4.mul(x, f32x4.const(Math.LOG2E)), f32x4.const(12582912)));
  const n = keep(f32x4.sub(shifted, f32x4.const(12582912)));
  const r = keep(f32x4.sub(f32x4.sub(x, f32x4.mul(n, f32x4.const(log2High))), f32x4.mul(n, f32x4.const(log2Low))));
  const rest = f32x4.mul(f32x4.mul(r, r), polynomial(exponentialSeries, r));
  const mantissa = f32x4.add(f32x4.add(rest, r), f32x4.const(1));
  // 2ⁿ in two factors, each of which is a normal number.
  const exponent = keep(i32x4.sub(shifted, f32x4.const(12582912)));
  const half = keep(i32x4.shr(exponent, [0x41, 1]));
  const power = (k: Bytes): Bytes => i32x4.shl(i32x4.add(k, i32x4.const(127)), [0x41, 23]);
  return f32x4.mul(f32x4.mul(mantissa, power(half)), power(i32x4.sub(exponent, half)));
}

/** log x = k·log 2 + log(1 + f) with 1 + f in [√½, √2); log(1 + f) = 2·artanh(f / (2 + f)). */
export function logarithm(keep: Keep, operand: Bytes): Bytes {
  const x = keep(operand);
  const isTiny = keep(f32x4.lt(x, f32x4.const(2 ** -126)));
  const normal = v128.select(f32x4.mul(x, f32x4.const(2 ** 23)), x, isTiny);
  const rootHalf = i32x4.const(0x3f3504f3);
  const bits = keep(i32x4.sub(normal, rootHalf));
  const f = keep(f32x4.sub(i32x4.add(v128.and(bits, i32x4.const(0x007fffff)), rootHalf), f32x4.const(1)));
  const exponent = i32x4.add(i32x4.shr(bits, [0x41, 23]), v128.and(isTiny, i32x4.const(-23)));
  const k = keep(f32x4.fromInt(exponent));
  const s = keep(f32x4.div(f, f32x4.add(f, f32x4.const(2))));
  const z = keep(f32x4.mul(s, s));
  const series = f32x4.mul(z, polynomial([2 / 3, 2 / 5, 2 / 7, 2 / 9], z));
  const half = keep(f32x4.mul(f32x4.mul(f, f), f32x4.const(0.5)));
  const low = f32x4.add(f32x4.mul(s, f32x4.add(half, series)), f32x4.mul(k, f32x4.const(log2Low)));
  const usual = f32x4.add(f32x4.mul(k, f32x4.const(log2High)), f32x4.sub(f, f32x4.sub(half, low)));
  const isPositive = f32x4.lt(f32x4.const(0), x);
  const edge = v128.select(
    f32x4.const(-Infinity),
    v128.select(x, f32x4.const(Number.NaN), isPositive),
    f32x4.eq(x, f32x4.const(0)),
  );
  const isUsual = v128.and(f32x4.lt(f32x4.const(0), x), f32x4.lt(x, f32x4.const(Infinity)));
  return v128.select(usual, edge, isUsual);
}

/** 1 / (1 + e⁻ˣ) */
export function sigmoid(keep: Keep, x: Bytes): Bytes {
  const e = exponential(keep, f32x4.neg(x));
  return f32x4.div(f32x4.const(1), f32x4.add(e, f32x4.const(1)));
}

// 2·artanh(√z)/√z for z in [0, 1/9], to 4·10⁻⁹
const artanhSeries = [
  2.000000007681759, 0.6666632164138003, 0.4002459523071185, 0.2796515774455717, 0.2815777836660226,
];

/** log(1 + eˣ) = max(x, 0) + 2·artanh(e / (2 + e)) with e = e^-|x|. */
export function softplus(keep: Keep, operand: Bytes): Bytes {
  const x = keep(operand);
  const e = keep(exponential(keep, f32x4.neg(f32x4.abs(x))));
  const s = keep(f32x4.div(e, f32x4.add(e, f32x4.const(2))));
  const z = keep(f32x4.mul(s, s));
  return f32x4.add(f32x4.pmax(x, f32x4.const(0)), f32x4.mul(s, polynomial(artanhSeries, z)));
}

/** A function of JavaScript, in float64, one element after the other. */
function eachLane(name: HostMath, ...operands: readonly Bytes[]): Bytes {
  const element = (i: number): Bytes =>
    f32.demote(callHost(name, ...operands.map((x) => f64.promote(f32x4.extract(i, x)))));
  return [1, 2, 3].reduce((result, i) => f32x4.replace(i, result, element(i)), f32x4.splat(element(0)));
}

/** A function of one number that JavaScript has. */
export function hosted(name: HostMath): (keep: Keep, x: Bytes) => Bytes {
  return (keep, x) => eachLane(name, keep(x));
}

/** xʸ, one element after the other; `exponent`: y where it is known. */
export function power(keep: Keep, base: Bytes, exponentOperand: Bytes, exponent: number | undefined): Bytes {
  if (exponent === 1) return base;
  const x = keep(base);
  if (exponent === 2) return f32x4.mul(x, x);
  const y = keep(exponentOperand);
  const usual = eachLane("pow", x, y);
  if (exponent !== undefined && Number.isFinite(exponent)) return usual;
  // IEEE 754 says 1 to 1 to any power, and to (-1) to ±∞; JavaScript says NaN.
  const isInfinite = f32x4.eq(f32x4.abs(y), f32x4.const(Infinity));
  const isOne = v128.or(f32x4.eq(x, f32x4.const(1)), v128.and(f32x4.eq(x, f32x4.const(-1)), isInfinite));
  return v128.select(f32x4.const(1), usual, isOne);
}
