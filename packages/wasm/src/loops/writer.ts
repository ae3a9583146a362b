import type { Bytes } from "../assembler/bytes.js";
import { f32x4, i32x4, v128 } from "../assembler/instructions.js";
import type { Features } from "../platform.js";

export type MultiplyAdd = (x: Bytes, y: Bytes, z: Bytes) => Bytes;

/** x·y + z, in one instruction with relaxed SIMD. */
export function multiplyAdd({ relaxed }: Features): MultiplyAdd {
  return relaxed ? f32x4.madd : (x, y, z) => f32x4.add(f32x4.mul(x, y), z);
}

/** What formulas are written with. */
export interface Writer {
  /** Keeps what instructions compute, to be used more than once: also by a formula that computes the same of the same. */
  readonly keep: (value: Bytes) => Bytes;
  /** A constant, from before all loops: engines that find one inside, unless it is 0, make it anew in every turn. */
  readonly constant: (value: Bytes) => Bytes;
  /**
   * x·y + z, rounded once or twice as the engine likes. Not for what a graph says with two ops: a·b - a·b must be 0, and a
   * kink where PyTorch has it.
   */
  readonly multiplyAdd: MultiplyAdd;
}

export const float = ({ constant }: Writer, value: number): Bytes => constant(f32x4.const(value));
export const integer = ({ constant }: Writer, value: number): Bytes => constant(i32x4.const(value));

/** Σ cᵢ·xⁱ */
export function horner(coefficients: readonly Bytes[], x: Bytes, multiplyAdd: MultiplyAdd): Bytes {
  return coefficients.reduceRight((sum, c) => multiplyAdd(sum, x, c));
}

export function polynomial(writer: Writer, coefficients: readonly number[], x: Bytes): Bytes {
  return horner(
    coefficients.map((c) => float(writer, c)),
    x,
    writer.multiplyAdd,
  );
}

/** A number that is not negative with the sign of x, also where both are 0. */
export function withSignOf(writer: Writer, x: Bytes, size: Bytes): Bytes {
  return v128.or(size, v128.and(x, float(writer, -0)));
}
