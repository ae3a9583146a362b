import { Buffer } from "node:buffer";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { klDiv } from "@losses/core";
import { memoryArray, type ArraySource, type ArrayWriter } from "@losses/io";
import { createBackendSync } from "@losses/js/scalar";
import type { Entries } from "../entries.js";
import { anyOf, empty, flag, fn, list, number, size, text } from "../takes.js";
import { type Entry, type Takes } from "../walk.js";

const folder = mkdtempSync(join(tmpdir(), "losses-hostile-"));
const file = join(folder, "x.csv");
writeFileSync(file, "1,2\n3,4\n");

const backend = createBackendSync();

const isData: Takes = (value) =>
  value instanceof Float32Array ||
  value instanceof Float64Array ||
  value instanceof Int32Array ||
  (Array.isArray(value) && value.length < 1000 && value.every((item) => typeof item === "number"));

/** A source with every part that one may have, as one of somebody else's would be. */
const source = (data: readonly number[], ...shape: readonly number[]): object => {
  const held: ArraySource = memoryArray("mine", data, shape);
  const { shape: sizes } = held;
  const merged = (): ArraySource =>
    memoryArray("mine", data, [(sizes[0] ?? 1) * (sizes[1] ?? 1), ...sizes.slice(2)] as number[]);
  return { ...held, shape: [...sizes], merged, fraction: () => 1 };
};

/** What a source may be at a place of the arguments: other rows than it says are refused, or change the result. */
const sourceTakes = (at: string): Readonly<Record<string, Takes>> => ({
  [`${at}.name`]: (value) => text(value) && (value as string).length < 30_000,
  [`${at}.dtype`]: (value) => value === "float32",
  [`${at}.shape`]: list(anyOf(size, (value) => value === undefined)),
  [`${at}.shape.*`]: anyOf(size, (value) => value === undefined),
  [`${at}.batches`]: fn,
  [`${at}.merged`]: fn,
  [`${at}.fraction`]: fn,
  [`${at}.close`]: fn,
});

const options = (): object => ({
  dtype: "float32",
  batchRows: 1,
  signal: new AbortController().signal,
  onProgress: () => undefined,
});

const optionTakes = (at: string): Readonly<Record<string, Takes>> => ({
  [at]: empty,
  [`${at}.batchRows`]: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  [`${at}.onProgress`]: fn,
});

const result = (found: unknown): unknown => found;

const opened: Pick<Entry, "result" | "dispose"> = {
  result: (found) => (found as ArraySource).shape.length,
  dispose: (found) => (found as ArraySource).close(),
};

const openOptions = (): object => ({
  key: "x",
  input: "y",
  format: "raw",
  raw: { dtype: "uint8", shape: ["*", 1], isBigEndian: false },
  dtype: "bfloat16",
  header: false,
});

const openTakes = (at: string): Readonly<Record<string, Takes>> => ({
  [at]: empty,
  [`${at}.key`]: text,
  [`${at}.input`]: text,
  [`${at}.header`]: flag,
  [`${at}.raw.shape`]: list(anyOf(size, (value) => value === "*")),
  [`${at}.raw.shape.*`]: size,
  [`${at}.raw.isBigEndian`]: flag,
});

const discard = (writer: unknown): Promise<void> => (writer as ArrayWriter).discard();

export const entries: Entries = {
  FileError: "error",
  fileDTypes: "data",
  readArray: {
    args: () => [source([1, 2, 3, 4], 2, 2), "float32"],
    takes: sourceTakes("0"),
    open: ["0"],
    calls: true,
    once: true,
    result,
  },
  openArray: { args: () => [file, openOptions()], takes: openTakes("1"), once: true, ...opened },
  openBytes: {
    args: () => ["mine", Buffer.from([1, 2]), openOptions()],
    takes: { "0": text, "1": (value) => value instanceof Uint8Array, ...openTakes("2") },
    once: true,
    ...opened,
  },
  formatOf: {
    args: () => [file, openOptions()],
    takes: { "0": text, ...openTakes("1") },
    once: true,
    result,
  },
  memoryArray: {
    args: () => ["mine", [1, 2], [2, 1]],
    takes: { "0": text, "1": isData, "1.*": number, "2": (value) => list(size)(value) && String(value) === "1,2" },
    once: true,
    result: (made) => (made as ArraySource).shape,
  },
  writeArray: {
    args: () => [join(folder, "y.npy"), { dtype: "float32", row: [2], isWhole: true }],
    takes: { "1.row": list(size), "1.row.*": size, "1.isWhole": flag },
    dispose: discard,
    once: true,
    result: () => "",
  },
  toFile: { args: () => [join(folder, "y.npy")] },
  evaluateArrays: {
    args: () => [
      backend,
      klDiv(),
      { input: source([-1, -2], 2), target: source([0.5, 0.5], 2) },
      {
        ...options(),
        perSample: sink,
        gradients: { input: sink },
      },
    ],
    takes: {
      ...sourceTakes("2.*"),
      ...optionTakes("3"),
      "3.perSample": fn,
      "3.gradients": empty,
      "3.gradients.input": fn,
    },
    whole: ["0", "1", "3.signal"],
    open: ["2.input", "2.target"],
    calls: true,
    once: true,
    result: (found) => (found as { readonly value: number }).value,
    draws: 40,
  },
  perplexity: {
    args: () => [
      backend,
      source([1, 2, 3, 4, 5, 6], 1, 2, 3),
      source([0, 1], 1, 2),
      { ...options(), ignoreIndex: 0, shift: true },
    ],
    takes: {
      ...sourceTakes("1"),
      ...sourceTakes("2"),
      ...optionTakes("3"),
      "3.ignoreIndex": Number.isSafeInteger,
      "3.shift": flag,
    },
    whole: ["0", "3.signal"],
    open: ["1", "2"],
    calls: true,
    once: true,
    result: (found) => (found as { readonly loss: number }).loss,
    draws: 40,
  },
  retrieval: {
    args: () => [
      backend,
      source([1, 2, 3, 4], 2, 2),
      source([1, 2, 3, 5], 2, 2),
      {
        captions: 1,
        similarity: "dot",
        k: [1, 2],
        dtype: "float32",
        signal: new AbortController().signal,
        onProgress: () => undefined,
      },
    ],
    takes: {
      ...sourceTakes("1"),
      ...sourceTakes("2"),
      "3": empty,
      "3.k": list((value) => Number.isSafeInteger(value) && Number(value) > 0),
      "3.k.*": (value) => Number.isSafeInteger(value) && Number(value) > 0,
      "3.onProgress": fn,
    },
    whole: ["0", "3.signal"],
    open: ["1", "2"],
    calls: true,
    once: true,
    result: (found) => (found as { readonly images: number }).images,
    draws: 40,
  },
};

/** A sink that keeps nothing. */
async function sink(): Promise<ArrayWriter> {
  return { write: async () => undefined, finish: async () => undefined, discard: async () => undefined };
}
