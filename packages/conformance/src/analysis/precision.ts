import { unitRoundoff, type DType, type FloatDType } from "@losses/core";

/** What the error analysis has to know of the arithmetic that a backend computes in. */
export interface Precision {
  readonly dtype: FloatDType;
  /** Half the distance from 1 to the next number. */
  readonly unit: number;
  /** The smallest normal number: anything below may be flushed to 0. */
  readonly tiny: number;
  /** The largest finite number: anything above may become infinite. */
  readonly huge: number;
  /** Numbers of at most this many significant bits count as exactly representable. */
  readonly bits: number;
}

const limits: { readonly [K in FloatDType]: Pick<Precision, "tiny" | "huge" | "bits"> } = {
  float16: { tiny: 2 ** -14, huge: 65504, bits: 11 },
  float32: { tiny: 2 ** -126, huge: (2 - 2 ** -23) * 2 ** 127, bits: 24 },
  // Exactness is only claimed for numbers of 24 bits: on those, no order of evaluation can round.
  float64: { tiny: 2 ** -1022, huge: Number.MAX_VALUE, bits: 24 },
};

/** The arithmetic of a floating dtype. */
export function precisionOf(dtype: FloatDType): Precision {
  return { dtype, unit: unitRoundoff(dtype), ...limits[dtype] };
}

/** True for dtypes whose arithmetic never rounds. */
export function isExactDType(dtype: DType): boolean {
  return dtype === "int32" || dtype === "bool";
}

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
const [low, high] = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0];

/** The largest power of two that divides a finite number other than 0. */
export function quantum(value: number): number {
  word[0] = value;
  const lo = halves[low] ?? 0;
  const hi = halves[high] ?? 0;
  const exponent = ((hi >>> 20) & 0x7ff) - 1075;
  const significand = hi & 0xfffff;
  const zeros = lo !== 0 ? trailingZeros(lo) : significand !== 0 ? 32 + trailingZeros(significand) : 52;
  return 2 ** (exponent + zeros);
}

function trailingZeros(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** True if a number has so few significant bits that storing it rounds nothing away. */
export function isRepresentable(value: number, { bits, tiny, huge }: Precision): boolean {
  if (value === 0) return true;
  const size = Math.abs(value);
  return size >= tiny && size <= huge && size / quantum(value) < 2 ** bits;
}
