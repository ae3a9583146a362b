import {
  checkArgument,
  isInputDType,
  isObject,
  isPlainObject,
  isSize,
  OptionError,
  printValue,
  readable,
  type FloatDType,
  type Rule,
} from "@losses/core";
import { functionRule, nameRule, numbersRule } from "./arguments.js";
import type { ArraySource, FileShape, Rows } from "./arraySource.js";
import { maxRank } from "./limits.js";

const sourceDTypeRule: Rule = {
  domain: "a dtype of inputs or untyped",
  accepts: (value) => value === "untyped" || isInputDType(value),
};

/** A source of which each function is read once, and called on the source. */
type Parts = Omit<ArraySource, "batches" | "close"> & {
  readonly batches: (count: number, float: FloatDType) => unknown;
  readonly close: () => Promise<void>;
};

/**
 * A source as it was when it was given: what it says of itself is read once, and what it gives is looked at before it is used.
 *
 * @throws OptionError on what is no source
 */
export function givenSource(where: string, what: string, source: ArraySource): ArraySource {
  return readable(where, () => {
    if (!isObject(source)) {
      const cure = "Open one with openArray().";
      throw new OptionError(`${where}: ${what} must be an array of a file, got ${printValue(source)}. ${cure}`);
    }
    const { name, dtype, shape, batches, merged, fraction, close } = source as Parts;
    checkArgument(where, `the name of ${what}`, name, nameRule);
    checkArgument(where, `the dtype of ${what}`, dtype, sourceDTypeRule);
    const sizes = givenShape(where, what, shape);
    for (const [method, value] of Object.entries({ batches, close })) {
      checkArgument(where, `${method} of ${what}`, value, functionRule);
    }
    for (const [method, value] of Object.entries({ merged, fraction })) {
      if (value !== undefined) checkArgument(where, `${method} of ${what}`, value, functionRule);
    }
    const size = sizes.slice(1).reduce<number>((product, dim) => product * (dim ?? 0), 1);
    return {
      name,
      dtype,
      shape: sizes,
      batches: (count, float = "float32") => checkedRows(where, what, size, batches.call(source, count, float)),
      ...(merged === undefined ? {} : { merged: () => givenSource(where, what, merged.call(source)) }),
      ...(fraction === undefined ? {} : { fraction: () => fraction.call(source) }),
      close: () => close.call(source),
    };
  });
}

/** The sizes of a file, each read once; the first may be unknown. */
function givenShape(where: string, what: string, shape: unknown): FileShape {
  const sizes: unknown[] = [];
  const isList = Array.isArray(shape);
  const rank = isList ? shape.length : 0;
  while (isList && sizes.length < Math.min(rank, maxRank + 1)) sizes.push(shape[sizes.length]);
  const isShape = sizes.every((size, axis) => isSize(size) || (axis === 0 && size === undefined));
  if (isList && rank <= maxRank && isShape) return sizes as unknown as FileShape;
  const wanted = `a shape of at most ${maxRank} integers >= 0, of which the first may be undefined`;
  throw new OptionError(`${where}: ${what} must have ${wanted}, got ${printValue(shape)}.`);
}

/** The sources of inputs, by their names. */
export function givenSources(
  where: string,
  sources: Readonly<Record<string, ArraySource>>,
): Readonly<Record<string, ArraySource>> {
  return readable(where, () => {
    if (!isPlainObject(sources)) {
      const wanted = "a plain object of arrays by the names of inputs";
      throw new OptionError(`${where}: the inputs must be ${wanted}, got ${printValue(sources)}.`);
    }
    return Object.fromEntries(
      Object.keys(sources).map((name) => [name, givenSource(where, name, sources[name] as ArraySource)]),
    );
  });
}

async function* checkedRows(where: string, what: string, size: number, given: unknown): AsyncGenerator<Rows> {
  if (!isStream(given)) throw new OptionError(`${where}: ${what} must give batches of rows, got ${printValue(given)}.`);
  for await (const batch of given) {
    const { data, rows } = (isObject(batch) ? batch : {}) as Partial<Rows>;
    if (!isSize(rows) || data === undefined || !numbersRule.accepts(data) || data.length !== rows * size) {
      throw new OptionError(`${where}: ${what} must give rows of ${size} numbers, got ${printValue(batch)}.`);
    }
    yield { data, rows };
  }
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return isObject(value) && Symbol.asyncIterator in value && typeof value[Symbol.asyncIterator] === "function";
}
