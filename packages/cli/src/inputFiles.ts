import process from "node:process";
import { memoryArray, openArray, fileDTypes, type ArraySource, type OpenOptions } from "@losses/io";
import type { Backend, FloatDType } from "@losses/core";
import { openBackend } from "./backends.js";
import { UsageError } from "./failure.js";
import { readDType, readPair } from "./read.js";

/** What every command that reads files takes. */
export interface FileOptions {
  readonly input: readonly string[];
  readonly as: readonly string[];
  readonly header?: string;
  readonly backend: string;
  readonly dtype?: string;
  readonly json?: true;
}

const interrupts = ["SIGINT", "SIGTERM"] as const;

/** What such a command works with. */
export interface Opened {
  readonly backend: Backend<unknown>;
  readonly sources: Readonly<Record<string, ArraySource>>;
  readonly dtype: FloatDType | undefined;
  /** Aborted when the user interrupts the command, so that no half-written file is left behind. */
  readonly signal: AbortSignal;
}

/** Opens the backend and the files of a command, and closes them after the work. */
export async function withFiles<T>(options: FileOptions, work: (opened: Opened) => Promise<T>): Promise<T> {
  const dtype = readDType(options.dtype);
  const described = describe(options);
  const backend = await openBackend(options.backend);
  const sources: Record<string, ArraySource> = {};
  const stop = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void =>
    stop.abort(Object.assign(new Error(`interrupted by ${signal}.`), { code: signal }));
  for (const signal of interrupts) process.once(signal, interrupt);
  try {
    if (dtype !== undefined && !backend.dtypes.includes(dtype)) {
      throw new UsageError(`--dtype must be ${backend.dtypes.join(" or ")} on ${options.backend}, got ${dtype}.`);
    }
    for (const { name, path, open } of described) {
      const number = Number(path);
      const isNumber = path.trim() !== "" && !Number.isNaN(number);
      sources[name] = isNumber ? memoryArray(path, [number], []) : await openArray(path, open);
    }
    return await work({ backend, sources, dtype, signal: stop.signal });
  } finally {
    for (const signal of interrupts) process.off(signal, interrupt);
    for (const source of Object.values(sources)) await source.close();
    await backend.dispose();
  }
}

/** The inputs that must be there, and no others. */
export function namedSources<N extends string>(
  command: string,
  sources: Readonly<Record<string, ArraySource>>,
  names: readonly N[],
): Readonly<Record<N, ArraySource>> {
  const odd = Object.keys(sources).find((name) => !names.some((one) => one === name));
  const missing = names.find((name) => sources[name] === undefined);
  if (odd !== undefined || missing !== undefined) {
    const got = odd === undefined ? `no ${missing}` : odd;
    throw new UsageError(
      `${command} takes ${names.map((name) => `--input ${name}=<file>`).join(" and ")}, got ${got}.`,
    );
  }
  return sources as Readonly<Record<N, ArraySource>>;
}

/** A count that was typed. */
export function readCount(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0 && text.trim() !== "") return value;
  throw new UsageError(`${flag} must be an integer > 0, got ${text}.`);
}

interface Described {
  readonly name: string;
  readonly path: string;
  readonly open: OpenOptions;
}

function describe({ input, as, header }: FileOptions): readonly Described[] {
  const layouts = new Map(as.map((text) => readPair("--as", text)));
  const names = new Set<string>();
  const found = input.map((text): Described => {
    const [name, file] = readPair("--input", text);
    if (names.has(name)) throw new UsageError(`--input ${name} must be given once, got it twice.`);
    names.add(name);
    // A key follows the ending of a file that holds several arrays.
    const [, path = file, key] =
      /^(.+\.(?:npz|safetensors|jsonl?|ndjson|csv|tsv|parquet)):([^/\\]+)$/i.exec(file) ?? [];
    const layout = layouts.get(name);
    return {
      name,
      path,
      open: {
        input: name,
        ...(key === undefined ? {} : { key }),
        ...(layout === undefined ? {} : readLayout(layout, path)),
        ...(header === undefined ? {} : { header: readHeader(header) }),
      },
    };
  });
  const unused = [...layouts.keys()].find((name) => !names.has(name));
  if (unused !== undefined) throw new UsageError(`--as ${unused} must belong to an --input ${unused}, got none.`);
  return found;
}

function readHeader(text: string): boolean {
  if (text === "yes" || text === "no") return text === "yes";
  throw new UsageError(`--header must be yes or no, got ${text}.`);
}

/** `float32`, `float32be`, `float32,N,10`. */
function readLayout(text: string, path: string): OpenOptions {
  const [type = "", ...sizes] = text.split(",").map((part) => part.trim());
  const dtype = fileDTypes.find((one) => one === type.replace(/be$/, ""));
  if (dtype === undefined) {
    throw new UsageError(`--as must begin with ${fileDTypes.join(", ")}, each with be for big-endian, got ${type}.`);
  }
  if (/\.np[yz]$/i.test(path)) {
    if (sizes.length > 0 || type.endsWith("be"))
      throw new UsageError(`--as of ${path} must be a dtype alone, got ${text}.`);
    return { dtype };
  }
  const shape = sizes.map((size, axis) => {
    if (/^\d+$/.test(size)) return Number(size);
    if (axis === 0 && size === "N") return "*";
    throw new UsageError(`--as must have sizes, the first of which may be N, got ${text}.`);
  });
  return { raw: { dtype, isBigEndian: type.endsWith("be"), ...(shape.length === 0 ? {} : { shape }) } };
}
