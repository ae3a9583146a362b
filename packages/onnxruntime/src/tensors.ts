import {
  DTypeError,
  fromHalfBits,
  halfBits,
  InputError,
  LossesError,
  printValue,
  viewsOverlap,
  type DimSizes,
  type DType,
  type HostData,
  type HostTensor,
  type InputDType,
} from "@losses/core";
import type { SizeInput } from "@losses/onnx";
import type { InTurn } from "./oneAtATime.js";
import { isRecord, type OrtModule, type OrtTensor } from "./runtime.js";

const dtypes: Readonly<Record<string, InputDType>> = {
  float16: "float16",
  float32: "float32",
  float64: "float64",
  int32: "int32",
  int64: "int64",
  bool: "bool",
} satisfies { readonly [K in InputDType]: K };

/** What reading a tensor needs to know of a backend. */
export interface TensorSetup {
  readonly ort: OrtModule;
  readonly id: string;
  readonly inTurn: InTurn;
}

/** True for an ONNX Runtime tensor, of whichever copy of its package. */
export function isOrtTensor(value: unknown): value is OrtTensor {
  return (
    isRecord(value) &&
    typeof value["type"] === "string" &&
    Array.isArray(value["dims"]) &&
    typeof value["location"] === "string" &&
    typeof value["getData"] === "function"
  );
}

export function describeTensor(
  id: string,
  tensor: OrtTensor,
): { readonly shape: readonly number[]; readonly dtype: InputDType } {
  const dtype = Object.hasOwn(dtypes, tensor.type) ? dtypes[tensor.type] : undefined;
  if (dtype === undefined) {
    throw new DTypeError(`${id}: tensors must be ${Object.keys(dtypes).join(", ")}, got ${printValue(tensor.type)}.`);
  }
  return { shape: tensor.dims, dtype };
}

/** The tensor itself where it holds `dtype` already, else a new one. int64 must fit in 32 bits. */
export function convertTensor(
  { ort, id, inTurn }: TensorSetup,
  tensor: OrtTensor,
  dtype: DType,
): OrtTensor | Promise<OrtTensor> {
  if (tensor.type === dtype) return tensor;
  const make = (data: unknown): OrtTensor =>
    makeTensor(ort, { dtype, shape: tensor.dims, data: convertData(id, tensor, data, dtype) });
  return tensor.location === "cpu" ? make(tensor.data) : inTurn(() => tensor.getData()).then(make);
}

export function makeTensor(ort: OrtModule, { dtype, shape, data }: HostTensor): OrtTensor {
  return new ort.Tensor(dtype, data as OrtTensor["data"], shape);
}

/** True if two tensors in JavaScript memory have elements in common; what is on a device is each tensor's own. */
export function haveSameMemory(a: OrtTensor, b: OrtTensor): boolean {
  if (a.location !== "cpu" || b.location !== "cpu") return false;
  const [x, y] = [a.data, b.data];
  return ArrayBuffer.isView(x) && ArrayBuffer.isView(y) && viewsOverlap(x, y);
}

/** Moves the elements of a result into a tensor in JavaScript memory. */
export async function moveTensor({ inTurn }: TensorSetup, from: OrtTensor, to: OrtTensor): Promise<void> {
  const source = from.location === "cpu" ? from.data : await inTurn(() => from.getData(true));
  const target = to.data;
  if (!ArrayBuffer.isView(source) || !ArrayBuffer.isView(target)) return;
  bytesOf(target).set(bytesOf(source));
}

/** The bits of float16 numbers, however they are held. */
export function bitsOf(data: OrtTensor["data"]): OrtTensor["data"] {
  return ArrayBuffer.isView(data) ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** What a model wants to be fed for the sizes of a run. */
export function sizeTensor(ort: OrtModule, { dtype, shape, values }: SizeInput, sizes: DimSizes): OrtTensor {
  const numbers = values(sizes);
  if (dtype === "int64") return new ort.Tensor("int64", BigInt64Array.from(numbers, BigInt), shape);
  return new ort.Tensor(dtype, dtype === "int32" ? Int32Array.from(numbers) : Float32Array.from(numbers), shape);
}

/** The contents of a tensor; int64 comes as int32. */
export function downloadTensor({ id, inTurn }: TensorSetup, tensor: OrtTensor): HostTensor | Promise<HostTensor> {
  const { shape, dtype: own } = describeTensor(id, tensor);
  const dtype: DType = own === "int64" ? "int32" : own;
  const make = (data: unknown): HostTensor => ({ dtype, shape, data: convertData(id, tensor, data, dtype) });
  return tensor.location === "cpu" ? make(tensor.data) : inTurn(() => tensor.getData()).then(make);
}

function convertData(id: string, tensor: OrtTensor, data: unknown, to: DType): HostData {
  const from = describeTensor(id, tensor).dtype;
  if (from === to && isHostData(data)) return data;
  if (data instanceof BigInt64Array) {
    for (const value of data) {
      if (value !== BigInt.asIntN(32, value)) {
        throw new InputError(`${id}: int64 values must fit in 32 bits, got ${value}.`, "INVALID_INPUT");
      }
    }
    return fill(id, to, data.length, (i) => Number(data[i]));
  }
  // A runtime with Float16Array hands out numbers, an older one their bits; here it is always the bits.
  if (from === "float16" && ArrayBuffer.isView(data)) {
    const bits = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
    return to === "float16" ? bits : fill(id, to, bits.length, (i) => fromHalfBits(bits[i] ?? 0));
  }
  if (ArrayBuffer.isView(data) && "length" in data) {
    const numbers = data as unknown as ArrayLike<number>;
    return fill(id, to, numbers.length, (i) => numbers[i] ?? 0);
  }
  throw new LossesError(
    "BACKEND_FAILED",
    `${id}: a ${tensor.type} tensor must hold a typed array, got something else.`,
  );
}

function fill(id: string, dtype: DType, length: number, at: (i: number) => number): HostData {
  const data = allocate(id, dtype, length);
  for (let i = 0; i < length; i++) data[i] = dtype === "float16" ? halfBits(at(i)) : at(i);
  return data;
}

function allocate(id: string, dtype: DType, length: number): HostData {
  switch (dtype) {
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "float16":
      return new Uint16Array(length);
    case "bool":
      throw new DTypeError(`${id}: a tensor can be converted to numbers, got ${dtype}.`);
  }
}

function isHostData(data: unknown): data is HostData {
  return (
    data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof Int32Array ||
    data instanceof Uint8Array ||
    data instanceof Uint16Array
  );
}
