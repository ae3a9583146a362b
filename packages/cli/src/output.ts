import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import process from "node:process";
import writeFileAtomic from "write-file-atomic";

/** Writes to standard output and waits while its reader is slower. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

/**
 * Writes a file whole or not at all: beside the old one, then in its place. What is no file (a pipe, a device) is written to.
 */
export async function writeWhole(file: string, contents: string | Uint8Array): Promise<void> {
  const known = await stat(file).catch(() => undefined);
  if (known !== undefined && !known.isFile() && !known.isDirectory()) return writeFile(file, contents);
  const bytes = typeof contents === "string" ? contents : Buffer.from(contents);
  await writeFileAtomic(file, bytes);
}

/** A line for people: standard error, so that results stay clean. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A value as JSON for machines; numbers that JSON lacks are strings. */
export function toJSON(value: unknown): string {
  const plain = (_: string, item: unknown): unknown =>
    typeof item === "number" && !Number.isFinite(item) ? String(item) : item;
  return `${JSON.stringify(value, plain, 2)}\n`;
}

/** Rows in columns as wide as their widest cell; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[], indent: string = ""): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  ");
  return rows.map((row) => `${indent}${line(row)}`.trimEnd()).join("\n");
}
