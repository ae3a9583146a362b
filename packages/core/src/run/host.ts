import type { AnyTypedArray, HostData, HostTensor, PlainTensor } from "../backend.js";
import { DTypeError, InputError, ShapeError } from "../errors.js";
import { formatShape, sizeOf } from "../tensor/dims.js";
import { fromHalfBits, halfBits } from "../tensor/half.js";
import { isInteger, type DType, type InputDType } from "../tensor/dtype.js";

/** Plain data with its shape known and its elements not yet converted. */
export interface PlainArray {
  readonly data: AnyTypedArray | readonly number[];
  readonly shape: readonly number[];
  readonly dtype: InputDType | "untyped";
}

/** Reads the shape and dtype of plain data; throws `ShapeError` on ragged nests and wrong lengths. */
export function readPlain(where: string, value: PlainTensor): PlainArray {
  if (typeof value === "number") return { data: [value], shape: [], dtype: "untyped" };
  if (ArrayBuffer.isView(value)) return { data: value, shape: [value.length], dtype: classDType(where, value) };
  if (Array.isArray(value)) return flatten(where, value as readonly NestedItem[]);
  if (typeof value === "object" && value !== null && "data" in value && "shape" in value) {
    const { data, shape, dtype } = value;
    checkShape(where, data, shape);
    const isHalf = data instanceof Uint16Array && dtype === "float16";
    const own = isHalf ? "float16" : ArrayBuffer.isView(data) ? classDType(where, data) : "untyped";
    return { data, shape: [...shape], dtype: declaredDType(where, own, dtype) };
  }
  throw new DTypeError(
    `${where} must be nested arrays, a typed array, { data, shape } or a tensor of the backend, got ${typeof value}.`,
  );
}

/** Converts plain data to the storage of `dtype`; the same array where nothing has to change. */
export function toHost(where: string, plain: PlainArray, dtype: DType): HostTensor {
  return { data: convertData(where, plain, dtype), shape: plain.shape, dtype };
}

type NestedItem = number | bigint | boolean | readonly NestedItem[];

function flatten(where: string, value: readonly NestedItem[]): PlainArray {
  const shape: number[] = [];
  for (let level: NestedItem = value; Array.isArray(level); level = (level as readonly NestedItem[])[0] ?? 0) {
    const items = level as readonly NestedItem[];
    shape.push(items.length);
    if (items.length === 0) break;
  }
  const data: number[] = [];
  const visit = (item: NestedItem, depth: number): void => {
    const items = Array.isArray(item) ? (item as readonly NestedItem[]) : undefined;
    if ((items?.length ?? -1) !== (shape[depth] ?? -1)) {
      throw new ShapeError(`${where} must be nested evenly, got rows of different length or depth.`);
    }
    if (items !== undefined) for (const inner of items) visit(inner, depth + 1);
    else if (typeof item === "number") data.push(item);
    else throw new DTypeError(`${where} must hold numbers, got a ${typeof item}.`);
  };
  visit(value, 0);
  return { data, shape, dtype: "untyped" };
}

function checkShape(where: string, data: { readonly length: number }, shape: readonly number[]): void {
  if (!Array.isArray(shape) || !shape.every((dim) => Number.isInteger(dim) && dim >= 0)) {
    throw new ShapeError(`${where} must have a shape of integers >= 0, got [${String(shape)}].`);
  }
  const size = sizeOf(shape);
  if (size !== data.length) {
    throw new ShapeError(`${where} must have ${size} elements for shape ${formatShape(shape)}, got ${data.length}.`);
  }
}

function classDType(where: string, data: ArrayBufferView): InputDType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array || data instanceof Int16Array || data instanceof Int8Array) return "int32";
  if (data instanceof Uint8Array || data instanceof Uint16Array || data instanceof Uint8ClampedArray) return "int32";
  throw new DTypeError(
    `${where} must be a Float32Array, Float64Array, Int32Array, BigInt64Array or an array of small integers, got ${data.constructor.name}.`,
  );
}

function declaredDType(
  where: string,
  own: InputDType | "untyped",
  declared: InputDType | undefined,
): PlainArray["dtype"] {
  if (declared === undefined || own === declared || own === "untyped") return declared ?? own;
  if (isInteger(own) && (isInteger(declared) || declared === "bool")) return declared;
  if (own !== "int32" && !isInteger(declared) && declared !== "bool") return declared;
  throw new DTypeError(`${where} must be stored in an array of its dtype ${declared}, got an array of ${own}.`);
}

function convertData(where: string, { data, dtype: from }: PlainArray, to: DType): HostData {
  const isHalf = from === "float16" && data instanceof Uint16Array;
  const number = isHalf ? fromHalfBits : Number;
  switch (to) {
    case "float32":
      return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, number);
    case "float64":
      return data instanceof Float64Array ? data : Float64Array.from(data as ArrayLike<number>, number);
    case "float16":
      return isHalf ? data : Uint16Array.from(data as ArrayLike<number>, (item) => halfBits(Number(item)));
    case "int32":
      return data instanceof Int32Array ? data : toInt32(where, data, from);
    case "bool":
      return Uint8Array.from(data as ArrayLike<number>, (item) => (number(item) === 0 ? 0 : 1));
  }
}

function toInt32(where: string, data: PlainArray["data"], from: PlainArray["dtype"]): Int32Array {
  const result = new Int32Array(data.length);
  for (let i = 0; i < result.length; i++) {
    const item = Number(data[i]);
    if (item !== (item | 0)) {
      throw new InputError(
        `${where} must hold integers that fit in 32 bits, got ${item}${from === "untyped" ? "" : ` (${from})`}.`,
        from === "untyped" && !Number.isInteger(item) ? "INVALID_INPUT" : "TARGET_OUT_OF_RANGE",
      );
    }
    result[i] = item;
  }
  return result;
}
