import { formatShape, sameShape, sizeOf } from "@losses/core";
import { checkRoom, type ArraySource, type Rows } from "../arraySource.js";
import { malformed } from "../fileError.js";

/** One row of a text file; `isWhole` where the file is this number and has no rows. */
export interface TextRow {
  readonly data: readonly number[];
  readonly shape: readonly number[];
  readonly isWhole?: boolean;
}

/** An array whose rows are written one after the other; how many there are is known at their end. */
export async function textArray(
  name: string,
  rows: () => AsyncGenerator<TextRow>,
  close: () => Promise<void>,
): Promise<ArraySource> {
  const first = await firstOf(rows());
  const sample = first?.shape ?? [];
  const rowsOrNone = first === undefined ? 0 : undefined;
  return {
    name,
    dtype: "untyped",
    shape: first?.isWhole === true ? [] : [rowsOrNone, ...sample],
    batches: (count) => batches(name, rows(), sample, count),
    close,
  };
}

async function firstOf(rows: AsyncGenerator<TextRow>): Promise<TextRow | undefined> {
  for await (const row of rows) return row;
  return undefined;
}

async function* batches(
  name: string,
  rows: AsyncGenerator<TextRow>,
  sample: readonly number[],
  count: number,
): AsyncGenerator<Rows> {
  const size = sizeOf(sample);
  let data: number[] = [];
  let [held, at] = [0, 0];
  for await (const row of rows) {
    if (!sameShape(row.shape, sample)) {
      throw malformed(
        `${name}: rows must have one shape, got ${formatShape(row.shape)} in row ${at + 1} after ${formatShape(sample)}.`,
      );
    }
    checkRoom(name, (held + 1) * size);
    for (const item of row.data) data.push(item);
    held += 1;
    at += 1;
    if (held === count) {
      yield { data, rows: held };
      data = [];
      held = 0;
    }
  }
  if (held > 0) yield { data, rows: held };
}

/** The number that a text stands for; NaN and the infinities in the spellings of JSON's users, JavaScript, C and Python. */
export function readNumber(name: string, text: string, where: string): number {
  const plain = text.trim();
  const value = Number(plain);
  if (plain !== "" && !Number.isNaN(value)) return value;
  const [, sign, word] = /^([+-]?)(nan|inf|infinity)$/i.exec(plain) ?? [];
  if (word === undefined) {
    const shown = plain.length > 40 ? `${plain.slice(0, 40)}…` : plain;
    throw malformed(`${name}: values must be numbers, got "${shown}" ${where}.`);
  }
  if (word.toLowerCase() === "nan") return Number.NaN;
  return sign === "-" ? -Infinity : Infinity;
}
