import { fileURLToPath } from "node:url";
import { openArray, type ArraySource, type OpenOptions } from "../src/index.js";
import type { FloatDType } from "@losses/core";

/** A file of test/fixtures/files. */
export function fileNamed(name: string): string {
  return fileURLToPath(new URL(`fixtures/files/${name}`, import.meta.url));
}

export interface Whole {
  readonly data: readonly number[];
  readonly rows: number;
  /** Rows of each batch. */
  readonly batches: readonly number[];
}

/** All numbers of a source, batch by batch. */
export async function collect(source: ArraySource, count: number, float?: FloatDType): Promise<Whole> {
  const data: number[] = [];
  const batches: number[] = [];
  for await (const batch of source.batches(count, float)) {
    data.push(...batch.data);
    batches.push(batch.rows);
  }
  return { data, batches, rows: batches.reduce((a, b) => a + b, 0) };
}

/** Opens a file of test/fixtures/files, reads all and closes it. */
export async function read(
  name: string,
  { count = 4, float, ...options }: OpenOptions & { count?: number; float?: FloatDType } = {},
): Promise<Whole & { readonly shape: ArraySource["shape"]; readonly dtype: ArraySource["dtype"] }> {
  const source = await openArray(fileNamed(name), options);
  try {
    return { ...(await collect(source, count, float)), shape: source.shape, dtype: source.dtype };
  } finally {
    await source.close();
  }
}

/** What test/generate/files.py writes: element i is i / 2 - 3. */
export function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i / 2 - 3);
}

export function labels(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i % 5);
}
