import type { Bytes } from "../assembler/bytes.js";
import { callHost, type HostMath } from "./host.js";
import { f32, f32x4, f64, i32, i32x4, v128 } from "../assembler/instructions.js";
import type { Features } from "../platform.js";

export type MultiplyAdd = (x: Bytes, y: Bytes, z: Bytes) => Bytes;

/** x·y + z, in one instruction with relaxed SIMD. */
export function multiplyAdd({ relaxed }: Features): MultiplyAdd {
  return relaxed ? f32x4.madd : (x, y, z) => f32x4.add(f32x4.mul(x, y), z);
}

/** What formulas are written with. */
export interface Writer {
  /** Keeps what instructions compute, to be used more than once. */
  readonly keep: (value: Bytes) => Bytes;
  /** A constant, from before all loops: engines that find one inside, unless it is 0, make it anew in every turn. */
  readonly constant: (value: Bytes) => Bytes;
  /**
   * x·y + z, rounded once or twice as the engine likes. Not for what a graph says with two ops: a·b - a·b must be 0, and a
   * kink where PyTorch has it.
   */
  readonly multiplyAdd: MultiplyAdd;
}

// (eʳ - 1 - r) / r² for |r| ≤ log 2 / 2, to 3·10⁻⁹ of eʳ
const exponentialSeries = [0.49999994, 0.1666652, 0.041668389, 0.0083687352, 0.001381456];

/** log 2 in two numbers, the first so short that its product with an exponent is exact. */
const log2High = 0.693359375;
const log2Low = Math.LN2 - log2High;

/** 1.5·2²³: a number that is added to it is rounded to an integer, which then is in the low bits. */
const rounder = 12582912;

const float = ({ constant }: Writer, value: number): Bytes => constant(f32x4.const(value));
const integer = ({ constant }: Writer, value: number): Bytes => constant(i32x4.const(value));

function polynomial(writer: Writer, coefficients: readonly number[], x: Bytes): Bytes {
  const [last = 0, ...rest] = [...coefficients].reverse();
  return rest.reduce<Bytes>((sum, c) => writer.multiplyAdd(sum, x, float(writer, c)), float(writer, last));
}

/** eˣ = 2ⁿ·eʳ with r = x - n·log 2. */
export function exponential(writer: Writer, operand: Bytes): Bytes {
  const { keep, multiplyAdd } = writer;
  // Beyond these bounds the result is 0 or ∞.
  const x = keep(f32x4.pmin(f32x4.pmax(operand, float(writer, -105)), float(writer, 89)));
  const shifted = keep(multiplyAdd(x, float(writer, Math.LOG2E), float(writer, rounder)));
  const n = keep(f32x4.sub(shifted, float(writer, rounder)));
  const r = keep(multiplyAdd(n, float(writer, -log2Low), multiplyAdd(n, float(writer, -log2High), x)));
  const mantissa = multiplyAdd(f32x4.mul(r, r), polynomial(writer, exponentialSeries, r), r);
  // 2ⁿ in two factors, each of which is a normal number. The bits of 1.5·2²³, halved or not, are shifted out of both.
  const half = keep(i32x4.shr(shifted, i32.const(1)));
  const power = (k: Bytes): Bytes => i32x4.add(i32x4.shl(k, i32.const(23)), integer(writer, 127 << 23));
  return f32x4.mul(f32x4.mul(f32x4.add(mantissa, float(writer, 1)), power(half)), power(i32x4.sub(shifted, half)));
}

/** log x = k·log 2 + log(1 + f) with 1 + f in [√½, √2); log(1 + f) = 2·artanh(f / (2 + f)). */
export function logarithm(writer: Writer, operand: Bytes): Bytes {
  const { keep, multiplyAdd } = writer;
  const x = keep(operand);
  const isTiny = keep(f32x4.lt(x, float(writer, 2 ** -126)));
  const normal = v128.select(f32x4.mul(x, float(writer, 2 ** 23)), x, isTiny);
  const rootHalf = integer(writer, 0x3f3504f3);
  const bits = keep(i32x4.sub(normal, rootHalf));
  const f = keep(f32x4.sub(i32x4.add(v128.and(bits, integer(writer, 0x007fffff)), rootHalf), float(writer, 1)));
  const exponent = i32x4.add(i32x4.shr(bits, i32.const(23)), v128.and(isTiny, integer(writer, -23)));
  const k = keep(f32x4.fromInt(exponent));
  const s = keep(f32x4.div(f, f32x4.add(f, float(writer, 2))));
  const z = keep(f32x4.mul(s, s));
  const half = keep(f32x4.mul(f32x4.mul(f, f), float(writer, 0.5)));
  const rest = multiplyAdd(z, polynomial(writer, [2 / 3, 2 / 5, 2 / 7, 2 / 9], z), half);
  const low = multiplyAdd(s, rest, f32x4.mul(k, float(writer, log2Low)));
  const usual = multiplyAdd(k, float(writer, log2High), f32x4.sub(f, f32x4.sub(half, low)));
  const zero = f32x4.const(0);
  const isPositive = keep(f32x4.lt(zero, x));
  const edge = v128.select(
    float(writer, -Infinity),
    v128.select(x, float(writer, Number.NaN), isPositive),
    f32x4.eq(x, zero),
  );
  return v128.select(usual, edge, v128.and(isPositive, f32x4.lt(x, float(writer, Infinity))));
}

/** 1 / (1 + e⁻ˣ) */
export function sigmoid(writer: Writer, x: Bytes): Bytes {
  const one = float(writer, 1);
  return f32x4.div(one, f32x4.add(exponential(writer, f32x4.neg(x)), one));
}

// 2·artanh(√z)/√z for z in [0, 1/9], to 4·10⁻⁹
const artanhSeries = [2, 0.6666632, 0.40024596, 0.27965158, 0.2815778];

/** log(1 + eˣ) = max(x, 0) + 2·artanh(e / (2 + e)) with e = e^-|x|. */
export function softplus(writer: Writer, operand: Bytes): Bytes {
  const { keep, multiplyAdd } = writer;
  const x = keep(operand);
  const e = keep(exponential(writer, f32x4.neg(f32x4.abs(x))));
  const s = keep(f32x4.div(e, f32x4.add(e, float(writer, 2))));
  const z = keep(f32x4.mul(s, s));
  return multiplyAdd(s, polynomial(writer, artanhSeries, z), f32x4.pmax(x, f32x4.const(0)));
}

/** A function of JavaScript, in float64, one element after the other. */
function eachLane(name: HostMath, ...operands: readonly Bytes[]): Bytes {
  const element = (i: number): Bytes =>
    f32.demote(callHost(name, ...operands.map((x) => f64.promote(f32x4.extract(i, x)))));
  return [1, 2, 3].reduce((result, i) => f32x4.replace(i, result, element(i)), f32x4.splat(element(0)));
}

/** A function of one number that JavaScript has. */
export function hosted(name: HostMath): (writer: Writer, x: Bytes) => Bytes {
  return ({ keep }, x) => eachLane(name, keep(x));
}

/** xʸ, one element after the other; `exponent`: y where it is known. */
export function power(writer: Writer, base: Bytes, exponentOperand: Bytes, exponent: number | undefined): Bytes {
  if (exponent === 1) return base;
  const { keep } = writer;
  const x = keep(base);
  if (exponent === 2) return f32x4.mul(x, x);
  const y = keep(exponentOperand);
  const usual = eachLane("pow", x, y);
  if (exponent !== undefined && Number.isFinite(exponent)) return usual;
  // IEEE 754 says 1 to 1 to any power, and to (-1) to ±∞; JavaScript says NaN.
  const isInfinite = f32x4.eq(f32x4.abs(y), float(writer, Infinity));
  const isOne = v128.or(f32x4.eq(x, float(writer, 1)), v128.and(f32x4.eq(x, float(writer, -1)), isInfinite));
  return v128.select(float(writer, 1), usual, isOne);
}
