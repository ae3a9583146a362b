import { fromHalfBits, InputError, type FloatDType, type InputDType } from "@losses/core";

/** What files hold. */
export type FileDType =
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool";

/** Bytes of one element. */
export const elementBytes: { readonly [K in FileDType]: 1 | 2 | 4 | 8 } = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
};

export const fileDTypes: readonly FileDType[] = Object.keys(elementBytes) as FileDType[];

/** Elements as losses take them. */
export type Elements = Float32Array | Float64Array | Int32Array;

/** The dtype by which a loss knows what a file holds: a half number is exactly a float32. */
export function inputDType(dtype: FileDType): InputDType {
  switch (dtype) {
    case "float16":
    case "bfloat16":
      return "float32";
    case "float32":
    case "float64":
    case "int64":
      return dtype;
    case "uint64":
    case "uint32":
      return "int64";
    case "int8":
    case "int16":
    case "int32":
    case "uint8":
    case "uint16":
    case "bool":
      return "int32";
  }
}

/**
 * Turns little-endian bytes, at an address that is a multiple of 8, into numbers. `first` is the position of the first of them
 * in the array, for messages. The result may share the memory of the bytes, and is overwritten by the next call.
 */
export type Decoder = (bytes: Uint8Array, first: number) => Elements;

/** How elements of a file become numbers of a loss; floating ones become `float`. */
export function decoder(name: string, dtype: FileDType, float: FloatDType): Decoder {
  const reals = float === "float64" ? reused(Float64Array) : reused(Float32Array);
  const integers = reused(Int32Array);
  const copy = <T extends Elements>(to: T, from: ArrayLike<number>): T => {
    to.set(from);
    return to;
  };
  const words = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  switch (dtype) {
    case "float32":
      return (bytes) => {
        const view = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
        return float === "float64" ? copy(reals(view.length), view) : view;
      };
    case "float64":
      return (bytes) => {
        const view = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
        return float === "float64" ? view : copy(reals(view.length), view);
      };
    case "float16":
      return (bytes) => look(halves(), halfWords(bytes), reals(bytes.length / 2));
    case "bfloat16":
      return (bytes) => widen(halfWords(bytes), reals(bytes.length / 2));
    case "int32":
      return words;
    case "int8":
      return (bytes) => copy(integers(bytes.length), new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    case "int16":
      return (bytes) =>
        copy(integers(bytes.length / 2), new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2));
    case "uint8":
      return (bytes) => copy(integers(bytes.length), bytes);
    case "uint16":
      return (bytes) => copy(integers(bytes.length / 2), halfWords(bytes));
    case "bool":
      return (bytes) => {
        const result = integers(bytes.length);
        for (let i = 0; i < result.length; i++) result[i] = bytes[i] === 0 ? 0 : 1;
        return result;
      };
    case "uint32":
      return (bytes, first) => {
        const bits = words(bytes);
        const at = bits.findIndex((low) => low < 0);
        if (at >= 0) throw outOfRange(name, first + at);
        return bits;
      };
    case "int64":
      return (bytes, first) => narrow(name, words(bytes), first, integers(bytes.length / 8), true);
    case "uint64":
      return (bytes, first) => narrow(name, words(bytes), first, integers(bytes.length / 8), false);
  }
}

/** Memory that is used again for each batch. */
function reused<T extends Elements>(make: new (length: number) => T): (length: number) => T {
  let memory = new make(0);
  return (length) => {
    if (memory.length < length) memory = new make(length);
    return memory.subarray(0, length) as T;
  };
}

function halfWords(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}

/** Integers of two words that fit in one: the upper word is the sign of the lower, or 0 where there is no sign. */
function narrow(name: string, words: Int32Array, first: number, result: Int32Array, isSigned: boolean): Int32Array {
  for (let i = 0; i < result.length; i++) {
    const low = words[2 * i] ?? 0;
    if (words[2 * i + 1] !== low >> 31 || (low < 0 && !isSigned)) throw outOfRange(name, first + i);
    result[i] = low;
  }
  return result;
}

function outOfRange(name: string, at: number): InputError {
  return new InputError(
    `${name}: integers must fit in 32 bits, got one that does not at position ${at}.`,
    "TARGET_OUT_OF_RANGE",
  );
}

function look<T extends Elements>(table: Float32Array, bits: Uint16Array, result: T): T {
  for (let i = 0; i < bits.length; i++) result[i] = table[bits[i] ?? 0] ?? 0;
  return result;
}

/** A bfloat16 is the upper half of a float32. */
function widen<T extends Elements>(halves: Uint16Array, result: T): T {
  const word = new Uint32Array(1);
  if (result instanceof Float32Array) {
    const bits = new Uint32Array(result.buffer, result.byteOffset, result.length);
    for (let i = 0; i < bits.length; i++) bits[i] = (halves[i] ?? 0) << 16;
    return result;
  }
  const real = new Float32Array(word.buffer);
  for (let i = 0; i < result.length; i++) {
    word[0] = (halves[i] ?? 0) << 16;
    result[i] = real[0] ?? 0;
  }
  return result;
}

let halfTable: Float32Array | undefined;

/** Every float16 by its bits. */
function halves(): Float32Array {
  halfTable ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => fromHalfBits(bits));
  return halfTable;
}

/** Turns big-endian elements into little-endian ones, in place. */
export function swapBytes(bytes: Uint8Array, size: 1 | 2 | 4 | 8): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (size) {
    case 1:
      return;
    case 2:
      return void buffer.swap16();
    case 4:
      return void buffer.swap32();
    case 8:
      return void buffer.swap64();
  }
}
