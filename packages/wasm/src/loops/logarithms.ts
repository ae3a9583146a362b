import type { Bytes } from "../assembler/bytes.js";
import { f32x4, i32, i32x4, v128 } from "../assembler/instructions.js";
import { log2High, log2Low } from "./exponentials.js";
import { float, integer, polynomial, withSignOf, type Writer } from "./writer.js";

/** x = 2ᵏ·(1 + f) with 1 + f in [√½, √2). */
interface Split {
  /** k in all bits but the low 23. */
  readonly bits: Bytes;
  readonly f: Bytes;
}

function split(writer: Writer, x: Bytes): Split {
  const rootHalf = integer(writer, 0x3f3504f3);
  const bits = writer.keep(i32x4.sub(x, rootHalf));
  const significand = i32x4.add(v128.and(bits, integer(writer, 0x007fffff)), rootHalf);
  return { bits, f: writer.keep(f32x4.sub(significand, float(writer, 1))) };
}

/** f and k for all positive numbers, subnormal ones, too. */
export function splitAny(writer: Writer, x: Bytes): { readonly k: Bytes; readonly f: Bytes } {
  const isTiny = writer.keep(f32x4.lt(x, float(writer, 2 ** -126)));
  const { bits, f } = split(writer, v128.select(f32x4.mul(x, float(writer, 2 ** 23)), x, isTiny));
  const exponent = i32x4.add(i32x4.shr(bits, i32.const(23)), v128.and(isTiny, integer(writer, -23)));
  return { k: writer.keep(f32x4.fromInt(exponent)), f };
}

/** k·log 2 + log(1 + f), with log(1 + f) = 2·artanh(f / (2 + f)) */
function sum(writer: Writer, k: Bytes, f: Bytes): Bytes {
  const { keep, multiplyAdd } = writer;
  const s = keep(f32x4.div(f, f32x4.add(f, float(writer, 2))));
  const z = keep(f32x4.mul(s, s));
  const half = keep(f32x4.mul(f32x4.mul(f, f), float(writer, 0.5)));
  const rest = multiplyAdd(z, polynomial(writer, [2 / 3, 2 / 5, 2 / 7, 2 / 9], z), half);
  const low = multiplyAdd(s, rest, f32x4.mul(k, float(writer, log2Low)));
  return multiplyAdd(k, float(writer, log2High), f32x4.sub(f, f32x4.sub(half, low)));
}

/** The logarithm of x where x is 0, ∞, NaN or negative; elsewhere `usual`. */
function withEdges(writer: Writer, x: Bytes, usual: Bytes): Bytes {
  const zero = f32x4.const(0);
  const isPositive = writer.keep(f32x4.lt(zero, x));
  const edge = v128.select(
    float(writer, -Infinity),
    v128.select(x, float(writer, Number.NaN), isPositive),
    f32x4.eq(x, zero),
  );
  return v128.select(usual, edge, v128.and(isPositive, f32x4.lt(x, float(writer, Infinity))));
}

export function logarithm(writer: Writer, x: Bytes): Bytes {
  const { k, f } = splitAny(writer, x);
  return withEdges(writer, x, sum(writer, k, f));
}

/** log(1 + x), of 1 + x as it is rounded and what it lost. */
export function log1p(writer: Writer, x: Bytes): Bytes {
  const { keep, multiplyAdd } = writer;
  const one = float(writer, 1);
  const u = keep(f32x4.add(x, one));
  const lost = f32x4.sub(x, f32x4.sub(u, one));
  const { bits, f } = split(writer, u);
  const k = keep(f32x4.fromInt(i32x4.shr(bits, i32.const(23))));
  // 2⁻ᵏ, or 0 where that is no normal number: nothing counts that is lost beside so large a u.
  const shrink = i32x4.sub(integer(writer, 127 << 23), v128.and(bits, integer(writer, -1 << 23)));
  const exact = keep(multiplyAdd(lost, i32x4.max(shrink, i32x4.const(0)), f));
  return withSignOf(writer, x, withEdges(writer, u, sum(writer, k, exact)));
}
