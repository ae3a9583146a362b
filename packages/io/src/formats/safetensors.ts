import type { ArraySource } from "../arraySource.js";
import { readBytes, type ByteSource } from "../bytes/byteSource.js";
import type { FileDType } from "../elements.js";
import { malformed, unsupported } from "../fileError.js";
import { maxSafetensorsHeaderBytes } from "../limits.js";
import { chooseKey, type KeyChoice } from "./chooseKey.js";
import { bytesOf, denseArray } from "./dense.js";

const dtypes: Readonly<Record<string, FileDType>> = {
  F16: "float16",
  BF16: "bfloat16",
  F32: "float32",
  F64: "float64",
  I8: "int8",
  I16: "int16",
  I32: "int32",
  I64: "int64",
  U8: "uint8",
  U16: "uint16",
  U32: "uint32",
  U64: "uint64",
  BOOL: "bool",
};

/** Opens a tensor of a .safetensors file: eight bytes of length, a JSON header, and the elements. */
export async function openSafetensors(
  source: ByteSource,
  choice: KeyChoice,
  close: () => Promise<void>,
): Promise<ArraySource> {
  const { name, size } = source;
  if (size < 8) throw malformed(`${name}: a .safetensors file must have at least 8 bytes, got ${size}.`);
  const prefix = await readBytes(source, 0, 8);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > size - 8) {
    throw malformed(`${name}: the header must end within the file, got a length of ${length} in ${size} bytes.`);
  }
  if (length > maxSafetensorsHeaderBytes) {
    throw unsupported(`${name}: the header must have at most ${maxSafetensorsHeaderBytes} bytes, got ${length}.`);
  }
  const header = parseHeader(name, await readBytes(source, 8, length));
  const keys = Object.keys(header).filter((key) => key !== "__metadata__");
  const key = chooseKey(name, keys, choice);
  const tensor: ByteSource = { ...source, name: `${name}: ${key}` };
  const { dtype, shape, start, end } = readEntry(tensor.name, header[key], size - 8 - length);
  const bytes = bytesOf(tensor.name, { dtype, shape });
  if (end - start !== bytes) {
    throw malformed(
      `${tensor.name}: the tensor must have ${bytes} bytes for shape [${shape.join(", ")}] of ${dtype}, got ${end - start}.`,
    );
  }
  return denseArray(tensor, 8 + length + start, { dtype, shape }, close);
}

function parseHeader(name: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  checkDepth(name, bytes);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(`${name}: the header must be JSON, got other text.`, cause);
  }
  if (!isRecord(header)) throw malformed(`${name}: the header must be an object of tensors, got something else.`);
  return header;
}

/** A header is three levels deep; brackets that nest deeper would take many times their size when parsed. */
function checkDepth(name: string, bytes: Uint8Array): void {
  const [quote, backslash] = [0x22, 0x5c];
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (inString) {
      if (byte === backslash) i += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    // { is [ + 0x20, } is ] + 0x20
    else if ((byte | 0x20) === 0x7b) depth += 1;
    else if ((byte | 0x20) === 0x7d) depth -= 1;
    if (depth > 3) throw malformed(`${name}: the header must be three levels deep, got more.`);
  }
}

interface TensorEntry {
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function readEntry(name: string, entry: unknown, available: number): TensorEntry {
  if (!isRecord(entry))
    throw malformed(`${name}: the tensor must have dtype, shape and data_offsets, got something else.`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const known = typeof dtype === "string" && Object.hasOwn(dtypes, dtype) ? dtypes[dtype] : undefined;
  if (known === undefined) {
    throw unsupported(`${name}: dtype must be ${Object.keys(dtypes).join(", ")}, got ${JSON.stringify(dtype)}.`);
  }
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw malformed(`${name}: shape and data_offsets must be lists of integers >= 0, got something else.`);
  }
  const [start = 0, end = 0] = offsets;
  if (start > end || end > available) {
    throw malformed(`${name}: data_offsets must lie within the ${available} bytes of data, got [${start}, ${end}].`);
  }
  return { dtype: known, shape, start, end };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
