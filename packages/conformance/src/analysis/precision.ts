import { fromHalfBits, halfBits, unitRoundoff, type FloatDType } from "@losses/core";

/** What the error analysis has to know of the arithmetic that a backend computes in. */
export interface Precision {
  /** Half the distance from 1 to the next number. */
  readonly unit: number;
  /** The smallest normal number: anything below may be flushed to 0. */
  readonly tiny: number;
  /** The largest finite number: anything above may become infinite. */
  readonly huge: number;
  /** Numbers of at most this many significant bits count as exactly representable. */
  readonly bits: number;
  /** What inputs and results are stored in: the same, or less. */
  readonly storage: Storage;
}

/** How numbers are stored between computations. */
export interface Storage {
  /** The nearest number that there is; infinite beyond the largest. */
  readonly round: (x: number) => number;
  readonly tiny: number;
  /** True if numbers are rounded once more where they are stored. */
  readonly isNarrower: boolean;
}

const single = { unit: unitRoundoff("float32"), tiny: 2 ** -126, huge: (2 - 2 ** -23) * 2 ** 127, bits: 24 };
const double = { unit: unitRoundoff("float64"), tiny: 2 ** -1022, huge: Number.MAX_VALUE };

const precisions: { readonly [K in FloatDType]: Precision } = {
  // Inputs and results are float16; what lies between is computed in float32.
  float16: { ...single, storage: { round: (x) => fromHalfBits(halfBits(x)), tiny: 2 ** -14, isNarrower: true } },
  float32: { ...single, storage: { round: Math.fround, tiny: single.tiny, isNarrower: false } },
  // Exactness is only claimed for numbers of 24 bits: on those, no order of evaluation can round.
  float64: { ...double, bits: 24, storage: { round: (x) => x, tiny: double.tiny, isNarrower: false } },
};

/** The arithmetic of a floating dtype. */
export function precisionOf(dtype: FloatDType): Precision {
  return precisions[dtype];
}

/** The same significands with exponents of any size. */
export function withoutLimits(dtype: FloatDType): Precision {
  const precision = precisions[dtype];
  const round = roundTo(Math.log2(1 / unitRoundoff(dtype)));
  return { ...precision, tiny: 0, huge: Infinity, storage: { ...precision.storage, round, tiny: 0 } };
}

/** Rounds to a number of significant bits (Veltkamp's splitting). */
function roundTo(bits: number): (x: number) => number {
  if (bits >= 53) return (x) => x;
  const factor = 2 ** (53 - bits) + 1;
  return (x) => {
    const product = x * factor;
    return Number.isFinite(product) ? product - (product - x) : x;
  };
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
