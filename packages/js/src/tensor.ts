import { DTypeError, type DType, type HostTensor } from "@losses/core";
import { allocate, type Cells } from "./scalar/moves.js";

/** A tensor of this backend: a typed array, row-major, with its shape and dtype. Bools are bytes. */
export interface JsTensor {
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A class whose instance is the object that it is given. */
const Given = function (tensor: object) {
  return tensor;
} as unknown as new (tensor: object) => object;

/**
 * What own tensors bear: a user's `{ data, shape, dtype }` looks the same but has not been checked. A set that remembers them would grow
 * with every result until the garbage collector has been everywhere.
 */
class Mark extends Given {
  readonly #mark = true;

  static isOn(value: object): boolean {
    return #mark in value && value.#mark;
  }
}

export function isJsTensor(value: unknown): value is JsTensor {
  return typeof value === "object" && value !== null && Mark.isOn(value);
}

/** An own tensor with these contents; the array is kept, not copied. */
export function makeTensor({ data, shape, dtype }: HostTensor): JsTensor {
  if (data instanceof Uint16Array) {
    throw new DTypeError(`js: tensors must be float32, float64, int32 or bool, got ${dtype}.`);
  }
  return ownTensor({ data, shape: Object.freeze([...shape]), dtype });
}

/** The same tensor, known as one of this backend. */
export function ownTensor(tensor: JsTensor): JsTensor {
  new Mark(tensor);
  return Object.freeze(tensor);
}

/** The same elements in the storage of another dtype; the tensor itself where it has that dtype. */
export function convertTensor(tensor: JsTensor, dtype: DType): JsTensor {
  if (tensor.dtype === dtype) return tensor;
  if (dtype === "float16") throw new DTypeError("js: tensors must be float32, float64, int32 or bool, got float16.");
  const data: Cells = allocate(dtype, tensor.data.length);
  if (dtype === "bool") tensor.data.forEach((item, i) => (data[i] = item === 0 ? 0 : 1));
  else data.set(tensor.data);
  return makeTensor({ data, shape: tensor.shape, dtype });
}
