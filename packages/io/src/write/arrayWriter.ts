import {
  checkArgument,
  isObject,
  isSize,
  listRule,
  OptionError,
  printValue,
  readable,
  readParts,
  ShapeError,
  sizeOf,
  type FloatDType,
  type Rule,
  type Rules,
} from "@losses/core";
import { flagRule, nameRule, numbersRule } from "../arguments.js";
import { unsupported } from "../fileError.js";
import { replaceFile, type Replacement } from "./replacement.js";

/** Rows of results on their way into a file. */
export interface ArrayWriter {
  /** Appends rows, row-major. */
  write(data: ArrayLike<number>, rows: number): Promise<void>;
  /** Completes the file and puts it in its place. */
  finish(): Promise<void>;
  /** Leaves no trace, and the file that was there as it was. Does nothing after `finish`. */
  discard(): Promise<void>;
}

/** What is written: numbers of this kind, rows of this shape, or a single one without rows. */
export interface WrittenArray {
  readonly dtype: Exclude<FloatDType, "float16">;
  readonly row: readonly number[];
  readonly isWhole?: boolean;
}

const makers: Readonly<Record<string, (file: Replacement, array: WrittenArray) => Promise<ArrayWriter>>> = {
  npy: npyWriter,
  csv: (file, array) =>
    textWriter(file, array, { begin: "", join: "\n", end: "\n", row: (cells) => flat(cells).join(",") }),
  json: (file, array) => textWriter(file, array, { begin: "[", join: ",\n", end: "]\n", row: JSON.stringify }),
  jsonl: (file, array) => textWriter(file, array, { begin: "", join: "\n", end: "\n", row: JSON.stringify }),
  bin: rawWriter,
};

const rules: Rules<WrittenArray> = {
  dtype: { domain: "float32 or float64", accepts: (value) => value === "float32" || value === "float64" },
  row: listRule("a list of integers >= 0", { domain: "an integer >= 0", accepts: isSize }),
  isWhole: flagRule,
};

const rowsRule: Rule = { domain: "an integer >= 0", accepts: isSize };

/** Begins a file of results; its ending says the format: .npy, .csv, .json, .jsonl, or .bin for the elements alone. */
export async function writeArray(path: string, array: WrittenArray): Promise<ArrayWriter> {
  checkArgument("writeArray", "the path", path, nameRule);
  const own = readParts("writeArray", array, rules, ["dtype", "row"]);
  const make = makers[checkWritable(path)];
  if (make === undefined) throw unsupported(`${path}: the format must be known, got another.`);
  const file = await replaceFile(path);
  try {
    return checkedWriter(path, own, await make(file, own));
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** A writer that refuses what are no rows of its shape. */
function checkedWriter(path: string, { row }: WrittenArray, writer: ArrayWriter): ArrayWriter {
  const size = sizeOf(row);
  return {
    ...writer,
    async write(data, rows) {
      checkArgument(path, "the numbers", data, numbersRule);
      checkArgument(path, "the number of rows", rows, rowsRule);
      if (data.length !== rows * size) {
        throw new ShapeError(`${path}: ${rows} rows must be of ${size} numbers each, got ${data.length} in all.`);
      }
      return writer.write(data, rows);
    },
  };
}

/** What makes the writer once it is known what is written. */
export type ArraySink = (array: WrittenArray) => Promise<ArrayWriter>;

/** A sink into a file; the name is checked at once. */
export function toFile(path: string): ArraySink {
  checkArgument("toFile", "the path", path, nameRule);
  checkWritable(path);
  return (array) => writeArray(path, array);
}

/** The writer that a sink gives. */
export async function begun(where: string, sink: ArraySink, array: WrittenArray): Promise<ArrayWriter> {
  const writer = await sink(array);
  readable(where, () => {
    for (const name of ["write", "finish", "discard"] as const) {
      if (isObject(writer) && typeof writer[name] === "function") continue;
      const got = printValue(writer);
      throw new OptionError(`${where}: a sink must give a writer with a function ${name}, got ${got}.`);
    }
  });
  return writer;
}

/** The format of a file that is to be written. */
function checkWritable(path: string): string {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  if (Object.hasOwn(makers, ending)) return ending;
  throw unsupported(`${path}: a file of results must end in ${Object.keys(makers).join(", ")}, got "${ending}".`);
}

/** Bytes before the elements of an .npy file: enough for any shape, and a multiple of 64 as NumPy wants. */
const npyStart = 256;

function npyHeader({ dtype, row, isWhole = false }: WrittenArray, rows: number): Uint8Array {
  const sizes = isWhole ? row : [rows, ...row];
  const shape = `(${sizes.map((size) => `${size},`).join(" ")})`;
  const descr = dtype === "float64" ? "<f8" : "<f4";
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  if (text.length > npyStart - 11) throw unsupported(`npy: the shape must be shorter, got [${sizes.join(", ")}].`);
  const bytes = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${text.padEnd(npyStart - 11)}\n`, "latin1");
  bytes.writeUInt16LE(npyStart - 10, 8);
  return bytes;
}

async function npyWriter(file: Replacement, array: WrittenArray): Promise<ArrayWriter> {
  let total = 0;
  await file.write(npyHeader(array, total));
  return {
    async write(data, rows) {
      total += rows;
      await file.write(elementsOf(array, data));
    },
    async finish() {
      // How many rows there are is known now.
      await file.write(npyHeader(array, total), 0);
      await file.commit();
    },
    discard: () => file.discard(),
  };
}

async function rawWriter(file: Replacement, array: WrittenArray): Promise<ArrayWriter> {
  return {
    write: (data) => file.write(elementsOf(array, data)),
    finish: () => file.commit(),
    discard: () => file.discard(),
  };
}

function elementsOf({ dtype }: WrittenArray, data: ArrayLike<number>): Uint8Array {
  const kind = dtype === "float64" ? Float64Array : Float32Array;
  const elements = data instanceof kind ? data : kind.from(data);
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

type Cells = number | string | readonly Cells[];

interface TextForm {
  readonly begin: string;
  readonly join: string;
  readonly end: string;
  readonly row: (cells: Cells) => string;
}

async function textWriter(
  file: Replacement,
  { dtype, row, isWhole = false }: WrittenArray,
  form: TextForm,
): Promise<ArrayWriter> {
  const size = sizeOf(row);
  const text = (lines: string): Promise<void> => file.write(Buffer.from(lines));
  let isFirst = true;
  if (!isWhole) await text(form.begin);
  return {
    async write(rows) {
      for (let at = 0; at < rows.length && size > 0;) {
        const lines: string[] = [];
        for (; at < rows.length && lines.length < 1024; at += size) {
          lines.push(form.row(nest(rows, at, row, dtype)));
        }
        await text((isFirst ? "" : form.join) + lines.join(form.join));
        isFirst = false;
      }
    },
    async finish() {
      await text(isWhole ? "\n" : form.end);
      await file.commit();
    },
    discard: () => file.discard(),
  };
}

function flat(cells: Cells): readonly (number | string)[] {
  return typeof cells === "object" ? cells.flatMap(flat) : [cells];
}

/** The numbers of a row, nested as its shape says; as short as they can be written and mean the same number. */
function nest(data: ArrayLike<number>, at: number, shape: readonly number[], dtype: "float32" | "float64"): Cells {
  const [size, ...inner] = shape;
  if (size === undefined) return plain(data[at] ?? Number.NaN, dtype);
  const step = sizeOf(inner);
  return Array.from({ length: size }, (_, i) => nest(data, at + i * step, inner, dtype));
}

function plain(value: number, dtype: "float32" | "float64"): number | string {
  if (!Number.isFinite(value)) return String(value);
  // Nine digits tell every float32 from every other.
  return dtype === "float64" ? value : Number(value.toPrecision(9));
}
