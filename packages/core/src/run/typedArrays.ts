import { printValue } from "../arguments.js";
import type { AnyTypedArray } from "../backend.js";
import { DTypeError } from "../errors.js";
import type { InputDType } from "../tensor/dtype.js";

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;

// What an array says of itself can be overridden, and then it says what it likes: the language is asked.
function ask(view: ArrayBufferView, what: "buffer" | "byteOffset" | "length" | typeof Symbol.toStringTag): unknown {
  return Reflect.get(typedArray, what, view);
}

/** The number of elements that a typed array has. */
export function lengthOf(view: AnyTypedArray): number {
  return ask(view, "length") as number;
}

type ViewClass = (new (buffer: ArrayBufferLike, offset: number, length: number) => AnyTypedArray) & {
  readonly prototype: object;
};

const known: readonly (readonly [ViewClass, InputDType])[] = [
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int32Array, "int32"],
  [BigInt64Array, "int64"],
  [Int16Array, "int32"],
  [Int8Array, "int32"],
  [Uint8Array, "int32"],
  [Uint16Array, "int32"],
  [Uint8ClampedArray, "int32"],
  [Uint32Array, "int32"],
  [BigUint64Array, "int64"],
];

const dtypes: ReadonlyMap<unknown, InputDType> = new Map(known.map(([{ prototype }, dtype]) => [prototype, dtype]));

/** An array of the same class with this many zeros. */
export function emptyLike(view: AnyTypedArray, length: number): AnyTypedArray {
  const name = ask(view, Symbol.toStringTag);
  const [own] = known.find(([candidate]) => candidate.name === name) ?? [Float64Array];
  return new own(new ArrayBuffer(length * view.BYTES_PER_ELEMENT), 0, length);
}

/** The same array, which has memory: what was transferred elsewhere passes for an empty one. */
function withMemory(where: string, data: AnyTypedArray): AnyTypedArray {
  if (data.length > 0 || !isDetached(data.buffer)) return data;
  throw new DTypeError(
    `${where} must have its memory, got an array whose buffer was transferred elsewhere: hand in a copy of it.`,
  );
}

/** Buffers that went to another thread, or that a grown memory has left, can have no view. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    void new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/**
 * A typed array, and the dtype that its class says. Of a subclass or another realm it is a plain one over the same memory, and
 * a Float16Array gives its bits.
 */
export function readView(
  where: string,
  view: ArrayBufferView,
): { readonly data: AnyTypedArray; readonly dtype: InputDType } {
  const dtype = dtypes.get(Object.getPrototypeOf(view));
  if (dtype !== undefined && !Object.hasOwn(view, "length")) {
    return { data: withMemory(where, view as AnyTypedArray), dtype };
  }
  const name = ask(view, Symbol.toStringTag);
  if (name === "Float16Array") {
    const [buffer, offset] = [ask(view, "buffer") as ArrayBufferLike, ask(view, "byteOffset") as number];
    return { data: new Uint16Array(buffer, offset, lengthOf(view as AnyTypedArray)), dtype: "float16" };
  }
  for (const [own, dtypeOfOwn] of known) {
    if (own.name !== name) continue;
    const offset = ask(view, "byteOffset") as number;
    return {
      data: new own(ask(view, "buffer") as ArrayBufferLike, offset, lengthOf(view as AnyTypedArray)),
      dtype: dtypeOfOwn,
    };
  }
  throw new DTypeError(`${where} must be a typed array of numbers, got ${printValue(view)}.`);
}
