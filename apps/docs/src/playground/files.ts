import { InputError, sizeOf } from "@losses/core";
import { unzipSync } from "fflate";
import { flatten } from "./numbers.js";
import type { GivenData } from "./protocol.js";

/** Arrays of a dropped file by name; a file that holds one array has it under its own name. */
export async function readFileArrays(name: string, bytes: Uint8Array): Promise<Readonly<Record<string, GivenData>>> {
  const stem = name.replace(/\.\w+$/, "");
  const text = (): string => new TextDecoder().decode(bytes);
  switch (/\.(\w+)$/.exec(name)?.[1]?.toLowerCase()) {
    case "npy":
      return { [stem]: readNpy(name, bytes) };
    case "npz":
      return Object.fromEntries(
        Object.entries(unzipSync(bytes)).map(([member, content]) => [
          member.replace(/\.npy$/, ""),
          readNpy(member, content),
        ]),
      );
    case "safetensors":
      return readSafetensors(name, bytes);
    case "json": {
      const parsed: unknown = JSON.parse(text());
      const isMap = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
      return Object.fromEntries(
        Object.entries(isMap ? parsed : { [stem]: parsed }).map(([key, value]) => [key, flatten(key, value as never)]),
      );
    }
    case "csv":
      return { [stem]: readCsv(name, text()) };
    default:
      throw new InputError(`${name}: the file must end in .npy, .npz, .safetensors, .json or .csv.`, "INVALID_INPUT");
  }
}

type Reader = (view: DataView, at: number) => number;

/** Little-endian elements by NumPy's and safetensors' names. */
const elements: Readonly<Record<string, readonly [bytes: number, read: Reader]>> = {
  f4: [4, (view, at) => view.getFloat32(at, true)],
  f8: [8, (view, at) => view.getFloat64(at, true)],
  f2: [2, (view, at) => half(view.getUint16(at, true))],
  bf16: [2, (view, at) => bfloat(view.getUint16(at, true))],
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  b1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at) => view.getInt16(at, true)],
  u2: [2, (view, at) => view.getUint16(at, true)],
  i4: [4, (view, at) => view.getInt32(at, true)],
  u4: [4, (view, at) => view.getUint32(at, true)],
  i8: [8, (view, at) => Number(view.getBigInt64(at, true))],
};

const safetensorsNames: Readonly<Record<string, string>> = {
  F64: "f8",
  F32: "f4",
  F16: "f2",
  BF16: "bf16",
  I64: "i8",
  I32: "i4",
  I16: "i2",
  I8: "i1",
  U8: "u1",
  BOOL: "b1",
};

/** 1 sign, 5 exponent, 10 fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** The upper half of a float32. */
function bfloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
}

function readElements(where: string, kind: string, shape: readonly number[], bytes: Uint8Array): GivenData {
  const [size, read] = elements[kind] ?? [0, undefined];
  if (read === undefined)
    throw new InputError(`${where}: elements must be numbers of up to 64 bits, got ${kind}.`, "INVALID_INPUT");
  const count = sizeOf(shape);
  if (bytes.length < count * size) {
    throw new InputError(
      `${where}: ${count * size} bytes must follow for the shape [${shape.join(", ")}], got ${bytes.length}.`,
      "INVALID_INPUT",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { shape, data: Array.from({ length: count }, (_, i) => read(view, i * size)) };
}

function readNpy(name: string, bytes: Uint8Array): GivenData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || new TextDecoder("latin1").decode(bytes.subarray(1, 6)) !== "NUMPY") {
    throw new InputError(`${name}: an .npy file must begin with \\x93NUMPY.`, "INVALID_INPUT");
  }
  const isLong = view.getUint8(6) > 1;
  const start = isLong ? 12 : 10;
  const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const kind = /'descr': '([<|=>])(\w+)'/.exec(header);
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? "")
    .split(",")
    .filter((dim) => dim.trim() !== "")
    .map(Number);
  if (kind === null || kind[1] === ">")
    throw new InputError(`${name}: elements must be little-endian numbers.`, "INVALID_INPUT");
  const read = readElements(name, kind[2] ?? "", shape, bytes.subarray(start + length));
  return header.includes("'fortran_order': True") ? rowMajor(read) : read;
}

/** Columns first becomes rows first. */
function rowMajor({ shape, data }: GivenData): GivenData {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const at = (i: number): number => {
    let [rest, position] = [i, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const dim = shape[axis] ?? 1;
      position += (rest % dim) * (strides[axis] ?? 1);
      rest = Math.floor(rest / dim);
    }
    return position;
  };
  return { shape, data: data.map((_, i) => data[at(i)] ?? Number.NaN) };
}

function readSafetensors(name: string, bytes: Uint8Array): Readonly<Record<string, GivenData>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? -1 : Number(view.getBigUint64(0, true));
  if (length < 2 || length > bytes.length - 8)
    throw new InputError(`${name}: a safetensors file must begin with the length of its header.`, "INVALID_INPUT");
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const body = bytes.subarray(8 + length);
  return Object.fromEntries(
    Object.entries(header)
      .filter(([key]) => key !== "__metadata__")
      .map(
        ([
          key,
          {
            dtype,
            shape,
            data_offsets: [from, to],
          },
        ]) => [key, readElements(key, safetensorsNames[dtype] ?? dtype, shape, body.subarray(from, to))],
      ),
  );
}

/** Rows of numbers; a first line with words is a header. One column is a vector. */
function readCsv(name: string, text: string): GivenData {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const rows = lines.map((line) =>
    line.split(/[,;\t]/).map((cell) => (cell.trim() === "" ? Number.NaN : Number(cell))),
  );
  const body = rows[0]?.every(Number.isNaN) === true ? rows.slice(1) : rows;
  const columns = body[0]?.length ?? 0;
  if (body.some((row) => row.length !== columns || row.some(Number.isNaN))) {
    throw new InputError(`${name}: every line must hold ${columns} numbers.`, "INVALID_INPUT");
  }
  return { shape: columns === 1 ? [body.length] : [body.length, columns], data: body.flat() };
}
