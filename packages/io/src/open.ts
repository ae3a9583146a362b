import {
  checkArgument,
  isPlainObject,
  isSize,
  listRule,
  readOptions,
  readParts,
  type Rule,
  type Rules,
} from "@losses/core";
import { bytesRule, flagRule, nameRule } from "./arguments.js";
import { guarded, type ArraySource } from "./arraySource.js";
import { bytesSource, openFile, tracked, type ByteSource } from "./bytes/byteSource.js";
import { fileDTypes, type FileDType } from "./elements.js";
import { unsupported } from "./fileError.js";
import { openNpy } from "./formats/numpy/npy.js";
import { openRaw, type RawLayout } from "./formats/raw.js";
import { openSafetensors } from "./formats/safetensors.js";

/** The formats that are read, by the ending of a file's name. */
const formats = {
  npy: "npy",
  npz: "npz",
  safetensors: "safetensors",
  json: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
  csv: "csv",
  tsv: "tsv",
  parquet: "parquet",
} as const;

export type FileFormat = (typeof formats)[keyof typeof formats] | "raw";

export interface OpenOptions {
  /** Which array of a file that holds several: the name of an array, tensor or member, or a column. */
  readonly key?: string;
  /** The name of the input it is for: taken for the key where the file has an array of that name. */
  readonly input?: string;
  /** Default: by the ending of the name. */
  readonly format?: FileFormat;
  /** For files without a header: how they hold their elements. */
  readonly raw?: RawLayout;
  /** What the elements of an .npy or .npz file are that NumPy has no name for: `"bfloat16"`. */
  readonly dtype?: FileDType;
  /** Whether the first line of a .csv or .tsv file names the columns; default: if nothing in it is a number. */
  readonly header?: boolean;
}

const dtypeRule: Rule = {
  domain: `one of ${fileDTypes.join(", ")}`,
  accepts: (value) => fileDTypes.includes(value as FileDType),
};

const layoutRules: Rules<RawLayout> = {
  dtype: dtypeRule,
  isBigEndian: flagRule,
  shape: listRule("a list of sizes, of which the first may be *", {
    domain: "a size or *",
    accepts: (size) => size === "*" || isSize(size),
  }),
};

const fileFormats: readonly unknown[] = [...Object.values(formats), "raw"];

const rules: Rules<OpenOptions> = {
  key: nameRule,
  input: nameRule,
  format: {
    domain: `one of ${[...new Set(fileFormats)].join(", ")}`,
    accepts: (value) => fileFormats.includes(value),
  },
  raw: {
    domain: "a plain object with dtype, isBigEndian, shape",
    accepts: isPlainObject,
    read: (value) =>
      isPlainObject(value) ? readParts("raw", value as unknown as RawLayout, layoutRules, ["dtype"]) : undefined,
  },
  dtype: dtypeRule,
  header: flagRule,
};

/**
 * Opens an array in a file: .npy, .npz, .safetensors, .json, .jsonl, .csv, .tsv, .parquet, or elements without a header. Only
 * what describes it is read; rows are read when they are asked for.
 *
 * @throws FileError where the file cannot be read, is damaged, lies about itself, or holds what is not taken
 * @example
 * ```ts
 * const logits = await openArray("logits.npy");
 * for await (const { data, rows } of logits.batches(256)) console.log(rows, data.length);
 * await logits.close();
 * ```
 */
export async function openArray(path: string, options?: OpenOptions): Promise<ArraySource> {
  checkArgument("openArray", "the path", path, nameRule);
  const given = readOptions("openArray", options, rules);
  const format = given.format ?? formatNamed(path, given);
  const source = await openFile(path);
  try {
    return guarded(await openSource(source, format, given));
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Opens an array in bytes that are in memory; `name` is what messages call them, and says the format unless it is given. */
export async function openBytes(name: string, bytes: Uint8Array, options?: OpenOptions): Promise<ArraySource> {
  checkArgument("openBytes", "the name", name, nameRule);
  checkArgument("openBytes", "the bytes", bytes, bytesRule);
  const given = readOptions("openBytes", options, rules);
  return guarded(await openSource(bytesSource(name, bytes), given.format ?? formatNamed(name, given), given));
}

/** The format that a file's name says. */
export function formatOf(path: string, options?: OpenOptions): FileFormat {
  checkArgument("formatOf", "the path", path, nameRule);
  return formatNamed(path, readOptions("formatOf", options, rules));
}

function formatNamed(path: string, { raw }: OpenOptions): FileFormat {
  if (raw !== undefined) return "raw";
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  if (Object.hasOwn(formats, ending)) return formats[ending as keyof typeof formats];
  throw unsupported(
    `${path}: the name must end in ${Object.keys(formats).join(", ")}, or the elements must be described (raw), got neither.`,
  );
}

/** Opens an array of a source. The readers that stand on libraries are loaded when they are needed. */
async function openSource(source: ByteSource, format: FileFormat, options: OpenOptions): Promise<ArraySource> {
  const { dtype, header, raw } = options;
  const close = (): Promise<void> => source.close();
  switch (format) {
    case "npy":
      return openNpy(source, dtype, close);
    case "npz":
      return (await import("./formats/numpy/npz.js")).openNpz(source, options, dtype, close);
    case "safetensors":
      return openSafetensors(source, options, close);
    case "json":
    case "jsonl": {
      const { openJson } = await import("./formats/json/openJson.js");
      return openText(source, (text) => openJson(text, options, format === "jsonl", close));
    }
    case "csv":
    case "tsv": {
      const { openCsv } = await import("./formats/csv.js");
      const delimiter = format === "csv" ? "," : "\t";
      return openText(source, (text) => openCsv(text, options, { delimiter, header }, close));
    }
    case "parquet":
      return (await import("./formats/parquet/openParquet.js")).openParquet(source, options, close);
    case "raw":
      if (raw === undefined)
        throw unsupported(`${source.name}: a file without a header must be described, got no layout.`);
      return openRaw(source, raw, close);
  }
}

/** Opens a file whose rows are counted only at its end. */
async function openText(source: ByteSource, open: (text: ByteSource) => Promise<ArraySource>): Promise<ArraySource> {
  const text = tracked(source);
  return { ...(await open(text)), fraction: text.fraction };
}
