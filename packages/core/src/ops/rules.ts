import { DTypeError } from "../errors.js";
import { broadcastShapes } from "../tensor/dims.js";
import { isFloat, type DType } from "../tensor/dtype.js";
import type { TensorType } from "./types.js";

export function requireFloat(op: string, dtype: DType): void {
  if (!isFloat(dtype)) throw new DTypeError(`${op}: operands must be floating, got ${dtype}. Cast them first.`);
}

export function requireNumeric(op: string, dtype: DType): void {
  if (dtype === "bool") throw new DTypeError(`${op}: operands must be numbers, got bool. Cast them first.`);
}

export function requireBool(op: string, dtype: DType): void {
  if (dtype !== "bool") throw new DTypeError(`${op}: operands must be bool, got ${dtype}. Compare first.`);
}

export function requireIndex(op: string, dtype: DType): void {
  if (dtype !== "int32") throw new DTypeError(`${op}: positions must be int32, got ${dtype}. Cast them first.`);
}

export function requireSameDType(op: string, a: DType, b: DType): void {
  if (a !== b) throw new DTypeError(`${op}: operands must have one dtype, got ${a} and ${b}. Cast one of them.`);
}

/** Result type of an element-wise op over operands of one dtype. */
export function elementwise(op: string, inputs: readonly TensorType[], dtype: DType): TensorType {
  return {
    shape: broadcastShapes(
      inputs.map((input) => input.shape),
      op,
    ),
    dtype,
  };
}

/** Sign rules that many ops share. */
export const always = (): boolean => true;
export const never = (): boolean => false;
export const whereOperandsAre = (operands: readonly boolean[]): boolean => operands.every(Boolean);
export const whereFirstIs = ([first = false]: readonly boolean[]): boolean => first;
