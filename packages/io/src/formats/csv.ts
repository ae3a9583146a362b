import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import type { ArraySource } from "../arraySource.js";
import { pieces, type ByteSource } from "../bytes/byteSource.js";
import { malformed, unsupported, type FileError } from "../fileError.js";
import { maxLineBytes } from "../limits.js";
import type { KeyChoice } from "./chooseKey.js";
import { readNumber, textArray, type TextRow } from "./textArray.js";

/** How a table is written. */
export interface TableFormat {
  readonly delimiter: "," | "\t";
  /** Whether the first line names the columns; default: if nothing in it is a number. */
  readonly header?: boolean | undefined;
}

/**
 * Opens columns of a table in text: all of them, or those that the key names (`a,b`, or by place `0,2-5`). One column gives
 * numbers, several give rows.
 */
export function openCsv(
  source: ByteSource,
  { key }: KeyChoice,
  format: TableFormat,
  close: () => Promise<void>,
): Promise<ArraySource> {
  return textArray(source.name, () => csvRows(source, key, format), close);
}

async function* csvRows(
  source: ByteSource,
  key: string | undefined,
  { delimiter, header }: TableFormat,
): AsyncGenerator<TextRow> {
  const { name } = source;
  let columns: readonly number[] | undefined;
  let width = 0;
  let line = 0;
  for await (const record of records(source, delimiter)) {
    line += 1;
    if (columns === undefined) {
      const isHeader = header ?? looksLikeNames(name, record);
      columns = chooseColumns(name, key, isHeader ? record.map((cell) => cell.trim()) : undefined, record.length);
      width = record.length;
      if (isHeader) continue;
    }
    if (record.length !== width) {
      throw malformed(`${name}: rows must have ${width} values, got ${record.length} in record ${line}.`);
    }
    const data = columns.map((column) =>
      readNumber(name, record[column] ?? "", `in record ${line}, column ${column + 1}`),
    );
    yield { data, shape: data.length === 1 ? [] : [data.length] };
  }
}

async function* records(source: ByteSource, delimiter: string): AsyncGenerator<readonly string[]> {
  const parser = parse({
    bom: true,
    delimiter,
    max_record_size: maxLineBytes,
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const input = Readable.from(pieces(source), { objectMode: false });
  input.on("error", (error) => parser.destroy(error));
  input.pipe(parser);
  try {
    for await (const record of parser) yield record as readonly string[];
  } catch (cause) {
    throw csvFailure(source.name, cause);
  } finally {
    input.destroy();
    parser.destroy();
  }
}

function csvFailure(name: string, cause: unknown): unknown {
  if (!(cause instanceof CsvError)) return cause;
  return malformed(`${name}: the file must be a table in text, got: ${cause.message}.`, cause) satisfies FileError;
}

/** Names are no numbers. Where a first line may be either, nothing is guessed. */
function looksLikeNames(name: string, cells: readonly string[]): boolean {
  const numbers = cells.filter(isNumber).length;
  // Tables of unnamed columns are often written with their places as names.
  const arePlaces = cells.length > 1 && cells.every((cell, i) => cell.trim() === String(i));
  if (numbers === 0 || (numbers === cells.length && !arePlaces)) return numbers === 0;
  const shown = cells.slice(0, 4).join(", ");
  throw unsupported(
    `${name}: the first line must be names or numbers, got ${shown}${cells.length > 4 ? ", …" : ""}, which may be either. Say which: header yes or no.`,
  );
}

function isNumber(text: string): boolean {
  const plain = text.trim();
  return plain !== "" && (!Number.isNaN(Number(plain)) || /^[+-]?(nan|inf|infinity)$/i.test(plain));
}

/** The columns that a key names, by name where there are names. */
function chooseColumns(
  name: string,
  key: string | undefined,
  names: readonly string[] | undefined,
  width: number,
): readonly number[] {
  if (key === undefined) return Array.from({ length: width }, (_, column) => column);
  return key.split(",").flatMap((wanted): readonly number[] => {
    const named = names?.indexOf(wanted.trim()) ?? -1;
    if (named >= 0) return [named];
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(wanted.trim()) ?? [];
    const [start, end] = [Number(from), Number(to)];
    if (from === undefined || end >= width || start > end) {
      const some = names === undefined ? `0 to ${width - 1}` : `${names.slice(0, 8).join(", ")}, or 0 to ${width - 1}`;
      throw unsupported(`${name}: a column must be one of ${some}, got ${wanted}.`);
    }
    return Array.from({ length: end - start + 1 }, (_, i) => start + i);
  });
}
