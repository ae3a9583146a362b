import { fromHalfBits, InputError, isFloat, type FloatDType } from "@losses/core";
import type { FileMetaData } from "hyparquet";
import { checkRoom, type ArraySource, type Rows } from "../../arraySource.js";
import type { ByteSource } from "../../bytes/byteSource.js";
import { inputDType, type Elements } from "../../elements.js";
import { malformed, unsupported } from "../../fileError.js";
import type { KeyChoice } from "../chooseKey.js";
import { integerOf } from "./guarded.js";
import { chooseColumn, readMetadata, type Column } from "./metadata.js";
import { readPages } from "./readPages.js";

interface Table {
  readonly source: ByteSource;
  readonly metadata: FileMetaData;
  readonly column: Column;
  readonly rows: number;
  /** Numbers in a row. */
  readonly size: number;
}

/** Opens a column of a Parquet file: numbers, or lists of equally many numbers. It is read page by page. */
export async function openParquet(
  source: ByteSource,
  choice: KeyChoice,
  close: () => Promise<void>,
): Promise<ArraySource> {
  const metadata = await readMetadata(source);
  const column = chooseColumn(source.name, metadata, choice);
  const rows = integerOf(metadata.num_rows);
  const inGroups = metadata.row_groups.reduce((sum, group) => sum + integerOf(group.num_rows), 0);
  if (!(rows >= 0) || rows !== inGroups) {
    throw malformed(`${column.name}: the row groups must have ${rows} rows together, got ${inGroups}.`);
  }
  const size = column.isList ? await firstListSize(source, metadata, column) : 1;
  const table: Table = { source, metadata, column, rows, size };
  return {
    name: column.name,
    dtype: inputDType(column.dtype),
    shape: column.isList ? [rows, size] : [rows],
    batches: (count, float = "float32") => batches(table, count, float),
    close,
  };
}

/** The length of the first list: up to where the second begins. */
async function firstListSize(source: ByteSource, metadata: FileMetaData, column: Column): Promise<number> {
  let size = 0;
  for await (const page of readPages(source, metadata, column)) {
    if (page === undefined) {
      if (size > 0) return size;
      continue;
    }
    const next = page.repetition.indexOf(0, size === 0 ? 1 : 0);
    if (next >= 0) return size + next;
    size += page.values.length;
    checkRoom(column.name, size);
  }
  return size;
}

async function* batches(table: Table, count: number, float: FloatDType): AsyncGenerator<Rows> {
  const { source, metadata, column, rows, size } = table;
  const step = Math.min(count, rows);
  checkRoom(column.name, step * size);
  const room = step * size;
  const out: Elements = !isFloat(inputDType(column.dtype))
    ? new Int32Array(room)
    : float === "float64"
      ? new Float64Array(room)
      : new Float32Array(room);
  let [held, seen, group, inGroup] = [0, 0, 0, 0];
  for await (const page of readPages(source, metadata, column)) {
    if (page === undefined) {
      const expected = integerOf(metadata.row_groups[group]?.num_rows) * size;
      if (inGroup !== expected) throw uneven(column, `${inGroup} numbers in a row group of ${expected}`);
      group += 1;
      inGroup = 0;
      continue;
    }
    const { values, repetition } = page;
    for (let i = 0; i < values.length; i++) {
      if (column.isList && (repetition[i] === 0) !== ((inGroup + i) % size === 0)) throw uneven(column, "others");
      out[held++] = numberOf(column, values[i], seen + i);
      if (held === room) {
        yield { data: out, rows: step };
        held = 0;
      }
    }
    seen += values.length;
    inGroup += values.length;
  }
  if (held % size !== 0) throw uneven(column, "an incomplete one");
  if (held > 0) yield { data: out.subarray(0, held), rows: held / size };
}

function uneven({ name }: Column, got: string): Error {
  return unsupported(`${name}: rows must have equally many numbers, got ${got}.`);
}

function numberOf({ name, dtype }: Column, value: unknown, at: number): number {
  if (isFloat(inputDType(dtype))) {
    if (typeof value === "number") return value;
    // A float16 comes as its two bytes.
    if (value instanceof Uint8Array) return fromHalfBits((value[0] ?? 0) | ((value[1] ?? 0) << 8));
  }
  const integer = typeof value === "boolean" || typeof value === "bigint" ? Number(value) : value;
  if (typeof integer === "number" && (integer | 0) === integer) return integer;
  throw new InputError(
    `${name}: integers must fit in 32 bits, got one that does not at position ${at}.`,
    "TARGET_OUT_OF_RANGE",
  );
}
