import {
  findLoss,
  allLosses,
  isSize,
  type Dim,
  type FloatDType,
  type LossSpec,
  type OptionDeclaration,
} from "@losses/core";
import { UsageError } from "./failure.js";

const dtypes: readonly FloatDType[] = ["float32", "float64", "float16"];

/** The dtype that was typed. */
export function readDType(text: string | undefined): FloatDType | undefined {
  const known = dtypes.find((dtype) => dtype === text);
  if (text !== undefined && known === undefined) {
    throw new UsageError(`--dtype must be one of ${dtypes.join(", ")}, got ${text}.`);
  }
  return known;
}

/** How many of something, as an option of this name says. */
export function readCount(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new UsageError(`${option} must be an integer >= 1, got ${text}.`);
}

/** Names that are separated by commas. */
export function readNames(flag: string, text: string): readonly string[] {
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  if (names.length === 0) throw new UsageError(`${flag} must name at least one, got none.`);
  return [...new Set(names)];
}

/** How many threads backends have, separated by commas. */
export function readThreads(text: string, backends: readonly string[]): readonly number[] {
  const other = backends.find((id) => id !== "js:wasm");
  if (other !== undefined) throw new UsageError(`--threads must come with js:wasm alone, got ${other}.`);
  return readNames("--threads", text).map((count) => readCount("--threads", count));
}

/** A loss with `key=value` options, each read as the kind that the loss declares. */
export function readSpec(name: string, pairs: readonly string[]): LossSpec {
  const loss = findLoss(allLosses, name);
  const declared = new Map(Object.entries(loss.definition.options));
  const options = new Map<string, unknown>();
  for (const pair of pairs) {
    const [key, text] = readPair("--option", pair);
    if (options.has(key)) throw new UsageError(`--option ${key} must be given once, got it twice.`);
    const declaration = declared.get(key);
    options.set(key, declaration === undefined ? text : readOption(text, declaration));
  }
  return loss(Object.fromEntries(options));
}

/** What does not read as the declared kind is left as text, for the loss to refuse with its own words. */
function readOption(text: string, { kind }: OptionDeclaration<unknown>): unknown {
  if (kind === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (kind !== "number" && kind !== "integer") return text;
  const value = Number(text);
  return text.trim() === "" || (Number.isNaN(value) && text !== "NaN") ? text : value;
}

/** Splits `key=value`. */
export function readPair(flag: string, pair: string): readonly [string, string] {
  const at = pair.indexOf("=");
  if (at < 1) throw new UsageError(`${flag} must be key=value, got ${pair}.`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** `input=N,10`: names are sizes that the model takes as they come. */
export function readShape(pair: string): readonly [string, readonly Dim[]] {
  const [input, text] = readPair("--shape", pair);
  const dims = text === "" ? [] : text.split(",").map((dim) => dim.trim());
  return [
    input,
    dims.map((dim) => {
      if (/^\d+$/.test(dim) && isSize(Number(dim))) return Number(dim);
      if (/^[A-Za-z_]\w*$/.test(dim)) return dim;
      throw new UsageError(`--shape must be input=N,10 with sizes or names, got ${pair}.`);
    }),
  ];
}
