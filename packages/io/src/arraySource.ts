import { checkArgument, isFloat, type FloatDType, type InputDType, type ShapedArray } from "@losses/core";
import { countRule, floatRule } from "./arguments.js";
import type { Elements } from "./elements.js";
import { tooLarge } from "./fileError.js";
import { givenSource } from "./givenSource.js";
import { maxBatchNumbers } from "./limits.js";

/** The axes of an array in a file; the number of rows may be known only when all have been read. */
export type FileShape = readonly [] | readonly [number | undefined, ...number[]];

/** Some rows, row-major. Numbers of a text file come as plain numbers, which have no dtype of their own. */
export interface Rows {
  readonly data: Elements | readonly number[];
  readonly rows: number;
}

/** An array in a file, read a few rows at a time. */
export interface ArraySource {
  /** What messages call it. */
  readonly name: string;
  readonly dtype: InputDType | "untyped";
  readonly shape: FileShape;
  /**
   * The rows from the first to the last, `count` at a time; an array without axes is one row. May be called again, for another
   * pass, when an earlier one is over. What it gives is valid until the next rows are asked for.
   */
  batches(count: number, float?: FloatDType): AsyncGenerator<Rows>;
  /**
   * The same numbers with the first two axes as one, where that needs no more than another look at the shape.
   */
  readonly merged?: () => ArraySource;
  /** Where the number of rows is not known: the share of the file that the pass under way has read. */
  readonly fraction?: () => number;
  close(): Promise<void>;
}

/** Numbers in one row. */
export function rowSize({ shape }: { readonly shape: FileShape }): number {
  return shape.slice(1).reduce<number>((product, dim) => product * (dim ?? 0), 1);
}

/** Reads a whole array. */
export async function readArray(array: ArraySource, float: FloatDType = "float32"): Promise<ShapedArray> {
  const source = givenSource("readArray", "the array", array);
  checkArgument("readArray", "the dtype", float, floatRule);
  const size = rowSize(source);
  const rows = source.shape.length === 0 ? 1 : source.shape[0];
  if (rows !== undefined) checkRoom(source.name, rows * size);
  const step = Math.max(1, Math.floor(maxBatchNumbers / Math.max(1, size)));
  const found: Rows[] = [];
  let [length, total] = [0, 0];
  for await (const batch of source.batches(Math.max(1, Math.min(step, rows ?? step)), float)) {
    length += batch.data.length;
    total += batch.rows;
    checkRoom(source.name, length);
    found.push({ data: batch.data.slice(), rows: batch.rows });
  }
  const shape = source.shape.length === 0 ? [] : [total, ...source.shape.slice(1).map((dim) => dim ?? 0)];
  return { data: joined(found, length, nothing(source, float)), shape };
}

/** A source that refuses what is no number of rows, or no dtype to read in. */
export function guarded(source: ArraySource): ArraySource {
  const { merged } = source;
  return {
    ...source,
    batches(count, float = "float32") {
      checkArgument(source.name, "the rows of a batch", count, countRule);
      checkArgument(source.name, "the dtype", float, floatRule);
      return source.batches(count, float);
    },
    ...(merged === undefined ? {} : { merged: () => guarded(merged()) }),
  };
}

/** No elements, of the kind that a source gives. */
export function nothing({ dtype }: ArraySource, float: FloatDType): Elements | readonly number[] {
  if (dtype === "untyped") return [];
  if (!isFloat(dtype)) return new Int32Array(0);
  return float === "float64" ? new Float64Array(0) : new Float32Array(0);
}

function joined(parts: readonly Rows[], length: number, none: Elements | readonly number[]): typeof none {
  const [first] = parts;
  if (first === undefined) return none;
  if (parts.length === 1) return first.data;
  if (!ArrayBuffer.isView(first.data)) return parts.flatMap(({ data }) => [...data]);
  const whole = new (first.data.constructor as new (length: number) => Elements)(length);
  let at = 0;
  for (const { data } of parts) {
    whole.set(data, at);
    at += data.length;
  }
  return whole;
}

/** Refuses numbers that do not fit in the memory for a batch. */
export function checkRoom(name: string, numbers: number): void {
  if (numbers <= maxBatchNumbers) return;
  throw tooLarge(
    `${name}: at most ${maxBatchNumbers} numbers may be in memory at once, got ${numbers}. Use smaller batches.`,
  );
}
