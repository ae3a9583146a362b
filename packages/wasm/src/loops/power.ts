import type { Bytes } from "../assembler/bytes.js";
import { f32x4, f64x2, v128 } from "../assembler/instructions.js";
import { exponentialOfTwo } from "./exponentials.js";
import { splitAny } from "./logarithms.js";
import { float, horner, withSignOf, type Writer } from "./writer.js";

// 2·artanh(s)/s/log 2 in s² for |s| ≤ (√2 - 1)/(√2 + 1), to 2⁻³⁷: seven bits more than an exponent of 128 takes away
const log2Series = [2.8853900817900895, 0.9617966733399138, 0.5770835856473465, 0.4116726670380681, 0.3407311185439404];

/** xʸ = 2ⁿ⁺ʳ with n + r = y·log₂ |x|, in float64. */
export function power(writer: Writer, x: Bytes, y: Bytes): Bytes {
  const { keep } = writer;
  const [zero, one, infinity] = [f32x4.const(0), float(writer, 1), float(writer, Infinity)];
  const size = keep(f32x4.abs(x));
  const { k, f } = splitAny(writer, size);
  const isUsual = v128.and(f32x4.lt(zero, size), f32x4.lt(size, infinity));
  // log₂ of 0, ∞ and NaN
  const edge = v128.select(float(writer, -Infinity), size, f32x4.eq(size, zero));
  const exponent = keep(v128.select(k, edge, isUsual));
  const [low, high] = [
    [0, 1, 2, 3],
    [2, 3, 0, 1],
  ].map((order) => {
    const [a = [], b = [], c = []] = [f, exponent, y].map((value) => v128.shuffle(order, value, value));
    return parts(writer, a, b, c);
  });
  if (low === undefined || high === undefined) throw new RangeError("a vector has two halves");
  const join = (a: Bytes, b: Bytes): Bytes => keep(v128.shuffle([0, 1, 4, 5], a, b));
  const result = exponentialOfTwo(writer, join(low.n, high.n), join(low.r, high.r));
  // IEEE 754: 1 to any power and any number to the power 0, NaN too, and -1 to ±∞ are 1.
  const isInfinite = f32x4.eq(f32x4.abs(y), infinity);
  const isOne = v128.or(v128.or(f32x4.eq(x, one), f32x4.eq(y, zero)), v128.and(f32x4.eq(size, one), isInfinite));
  const isInteger = keep(f32x4.eq(f32x4.floor(y), y));
  const half = keep(f32x4.mul(y, float(writer, 0.5)));
  const isOdd = v128.and(isInteger, f32x4.ne(f32x4.floor(half), half));
  const isNegative = v128.and(f32x4.lt(x, zero), f32x4.lt(float(writer, -Infinity), x));
  const isNowhere = v128.and(isNegative, v128.not(isInteger));
  const signed = withSignOf(writer, v128.and(x, isOdd), v128.select(one, result, isOne));
  return v128.select(float(writer, Number.NaN), signed, isNowhere);
}

/** n and r as float32, of the lower half of each vector. */
function parts({ keep, constant }: Writer, f: Bytes, k: Bytes, y: Bytes): { readonly n: Bytes; readonly r: Bytes } {
  const double = (value: number): Bytes => constant(f64x2.const(value));
  const wide = keep(f64x2.promoteLow(f));
  const s = keep(f64x2.div(wide, f64x2.add(wide, double(2))));
  const z = keep(f64x2.mul(s, s));
  const multiplyAdd = (a: Bytes, b: Bytes, c: Bytes): Bytes => f64x2.add(f64x2.mul(a, b), c);
  const logarithm = multiplyAdd(s, horner(log2Series.map(double), z, multiplyAdd), f64x2.promoteLow(k));
  // Beyond these bounds the result is 0 or ∞.
  const exact = f64x2.mul(f64x2.promoteLow(y), logarithm);
  const product = keep(f64x2.pmin(f64x2.pmax(exact, double(-151)), double(129)));
  const n = keep(f64x2.nearest(product));
  return { n: f32x4.demote(n), r: f32x4.demote(f64x2.sub(product, n)) };
}
