import { isObject, printValue } from "../arguments.js";
import type { AnyTypedArray, HostData, HostTensor } from "../backend.js";
import { DTypeError, InputError, ShapeError } from "../errors.js";
import { formatShape, mostAxes, readShape, sizeOf } from "../tensor/dims.js";
import { fromHalfBits, halfBits } from "../tensor/half.js";
import { inputDTypes, isInputDType, isInteger, type DType, type InputDType } from "../tensor/dtype.js";
import { inOrder, readLayout, type Layout } from "./layout.js";
import { emptyLike, lengthOf, readView } from "./typedArrays.js";

/** The most numbers that lists may hold: beyond, they cost far more than a typed array, and lists that share rows may never end. */
const longestList = 2 ** 27;

/** Plain data with its shape known and its elements not yet converted. Lists have been copied. */
export interface PlainArray {
  readonly data: AnyTypedArray | readonly number[];
  readonly shape: readonly number[];
  readonly dtype: InputDType | "untyped";
}

/**
 * Reads plain data, everything of it once: what is looked at twice may have changed. Throws `ShapeError` on ragged nests and
 * wrong lengths, `DTypeError` on what is no tensor.
 */
export function readPlain(where: string, value: unknown): PlainArray {
  if (typeof value === "number") return { data: [value], shape: [], dtype: "untyped" };
  if (ArrayBuffer.isView(value)) {
    const { data, dtype } = readView(where, value);
    return { data, shape: [lengthOf(data)], dtype };
  }
  if (Array.isArray(value)) return flatten(where, value);
  if (isObject(value) && "data" in value && "shape" in value) {
    const { data, shape, dtype } = value;
    const known = readShape(where, shape);
    return readShaped(where, data, known, dtype, () => readLayout(where, value, known));
  }
  if (isObject(value) && "data" in value && "dims" in value) {
    const { dims, type } = value;
    const declared = type === "bool" || type === "float16" ? type : undefined;
    // These lie in order always; transformers.js has a method of the name `stride`.
    return readShaped(where, dataOf(where, value), readShape(where, dims), declared, () => undefined);
  }
  const cure = value === null ? " Leave out what is not given." : "";
  throw new DTypeError(
    `${where} must be nested arrays, a typed array, { data, shape } or a tensor of the backend, got ${printValue(value)}.${cure}`,
  );
}

/** Tensors of ONNX Runtime refuse to give data that lie on a device. */
function dataOf(where: string, tensor: Readonly<Record<PropertyKey, unknown>>): unknown {
  try {
    return tensor["data"];
  } catch {
    throw new DTypeError(
      `${where} must have its data on the host, got a tensor of a device. Fetch them: { data: await x.getData(), shape: x.dims }.`,
    );
  }
}

/** Converts plain data to the storage of `dtype`; the same array where nothing has to change. */
export function toHost(where: string, plain: PlainArray, dtype: DType): HostTensor {
  const { data, shape } = plain;
  const size = sizeOf(shape);
  // Memory that was resized or handed on by what was read after it.
  if (ArrayBuffer.isView(data) && lengthOf(data) !== size) {
    const came = `${lengthOf(data)}: the memory under it has grown or moved since this view of it was made`;
    throw new InputError(`${where} must keep its ${size} elements, got ${came}.`, "INVALID_INPUT");
  }
  return { data: convertData(where, plain, dtype), shape, dtype };
}

function flatten(where: string, value: readonly unknown[]): PlainArray {
  const items: unknown[] = [];
  const { length } = value;
  checkList(where, length);
  for (let i = 0; i < length; i++) items.push(value[i]);
  const rows = readRows(where, items);
  if (rows !== undefined) return rows;
  const shape: number[] = [];
  const data: number[] = [];
  // How many axes there are; known from the first number, or the first list without any.
  let rank = Infinity;
  const end = (depth: number): void => {
    rank = depth;
    checkList(where, sizeOf(shape.map((size) => Math.max(1, size))));
  };
  const open = (length: number, depth: number): void => {
    if (depth === mostAxes) {
      throw new ShapeError(
        `${where} must be nested at most ${mostAxes} deep, got lists that go on or hold themselves.`,
      );
    }
    if (depth === shape.length && depth < rank) shape.push(length);
    else if (shape[depth] !== length) throw ragged(where);
    if (length === 0 && rank === Infinity) end(depth + 1);
  };
  const add = (item: unknown, depth: number): void => {
    if (rank === Infinity) end(depth);
    else if (depth !== rank) throw ragged(where);
    data.push(numberOf(where, item));
  };
  const visit = (list: readonly unknown[], depth: number): void => {
    const { length } = list;
    open(length, depth);
    for (let i = 0; i < length; i++) {
      const item = list[i];
      if (Array.isArray(item)) visit(item, depth + 1);
      else if (ArrayBuffer.isView(item)) {
        const row = readView(where, item);
        const number = row.dtype === "float16" ? fromHalfBits : Number;
        const length = lengthOf(row.data);
        open(length, depth + 1);
        for (let at = 0; at < length; at++) add(number(Number(row.data[at])), depth + 2);
      } else add(item, depth + 1);
    }
  };
  visit(items, 0);
  return { data, shape, dtype: "untyped" };
}

/** A list of typed arrays of one class as one array of that class; `undefined` for every other list. */
function readRows(where: string, items: readonly unknown[]): PlainArray | undefined {
  const [first] = items;
  if (!ArrayBuffer.isView(first)) return undefined;
  const rows: AnyTypedArray[] = [];
  let dtype: InputDType | undefined;
  for (const item of items) {
    if (!ArrayBuffer.isView(item)) return undefined;
    const row = readView(where, item);
    const [{ constructor: own }, { constructor: other }] = [row.data, rows[0] ?? row.data];
    if (own !== other || row.dtype !== (dtype ?? row.dtype)) return undefined;
    dtype = row.dtype;
    rows.push(row.data);
  }
  const [row] = rows;
  if (row === undefined || dtype === undefined) return undefined;
  const length = lengthOf(row);
  if (rows.some((other) => lengthOf(other) !== length)) throw ragged(where);
  const data = emptyLike(row, rows.length * length);
  rows.forEach((from, i) => data.set(from as never, i * length));
  return { data, shape: [rows.length, length], dtype };
}

function numberOf(where: string, item: unknown): number {
  if (typeof item === "number") return item;
  if (typeof item === "bigint" || typeof item === "boolean") return Number(item);
  throw new DTypeError(`${where} must hold numbers, got ${printValue(item)}.`);
}

function checkList(where: string, length: number): void {
  if (length <= longestList) return;
  throw new ShapeError(
    `${where} must have at most ${longestList} elements in lists, got ${length}. Give { data: Float32Array, shape }.`,
  );
}

function ragged(where: string): ShapeError {
  return new ShapeError(`${where} must be nested evenly, got rows of different length or depth.`);
}

function readShaped(
  where: string,
  given: unknown,
  shape: readonly number[],
  declared: unknown,
  layoutOf: () => Layout | undefined,
): PlainArray {
  if (declared !== undefined && !isInputDType(declared)) {
    throw new DTypeError(`${where} must have a dtype among ${inputDTypes.join(", ")}, got ${printValue(declared)}.`);
  }
  const size = sizeOf(shape);
  if (ArrayBuffer.isView(given)) {
    const { data: all, dtype } = readView(where, given);
    const layout = layoutOf();
    const data = layout === undefined ? all : (inOrder(where, all, shape, layout) as AnyTypedArray);
    checkLength(where, shape, size, lengthOf(data));
    const own = data instanceof Uint16Array && declared === "float16" ? declared : dtype;
    return { data, shape, dtype: declaredDType(where, own, declared) };
  }
  if (!Array.isArray(given)) {
    const cure =
      typeof given === "function"
        ? " Of another library's tensor take what it holds: { data: await x.data(), shape }."
        : "";
    throw new DTypeError(`${where} must have data in a typed array or a list, got ${printValue(given)}.${cure}`);
  }
  const { length } = given;
  const layout = layoutOf();
  if (layout === undefined) checkLength(where, shape, size, length);
  checkList(where, length);
  const data = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const item: unknown = given[i];
    if (typeof item !== "number" && typeof item !== "bigint" && typeof item !== "boolean") {
      throw new DTypeError(`${where} must hold numbers, got ${printValue(item)} at position ${i}.`);
    }
    data[i] = Number(item);
  }
  const ordered = layout === undefined ? data : inOrder(where, data, shape, layout);
  return { data: ordered, shape, dtype: declared ?? "untyped" };
}

function checkLength(where: string, shape: readonly number[], size: number, length: number): void {
  if (size !== length) {
    throw new ShapeError(`${where} must have ${size} elements for shape ${formatShape(shape)}, got ${length}.`);
  }
}

function declaredDType(where: string, own: InputDType, declared: InputDType | undefined): InputDType {
  if (declared === undefined || own === declared) return own;
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
