import { cut, isListOf, isObject, isPlainObject, printValue, readable, readOptions, type Rules } from "../arguments.js";
import { OptionError } from "../errors.js";

/** How a loss turns its element-wise or per-sample values into the result. `batchmean` is klDiv's alone. */
export type Reduction = "none" | "mean" | "sum";

/** The option that nearly every loss has besides its own. */
export interface ReductionOption {
  /** How the values become the result; `none` returns them as they are. Default `"mean"`. */
  readonly reduction: Reduction;
}
/** Also `avgNonZero`, for losses over the pairs or triplets of a batch: the mean of the terms that are > 0. */
export type BatchReduction = Reduction | "avgNonZero";

/** What the mean over nothing is: NaN as in PyTorch, 0, or an error. */
export type EmptyPolicy = (typeof emptyPolicies)[number];

export const emptyPolicies = ["nan", "zero", "error"] as const;

/** One declared option: its default, how a given value is checked, and what documentation and tools say about it. */
export interface OptionDeclaration<T> {
  readonly default: T;
  /** The domain in words, as error messages and tables print it: `a number > 0`. */
  readonly domain: string;
  /** The values that may be given, where they can be listed. */
  readonly choices?: readonly string[];
  /** What kind of text a command line takes for it. */
  readonly kind: "number" | "integer" | "boolean" | "choice" | "list" | "function";
  readonly accepts: (value: unknown) => value is T;
  /** What is kept of a value that has parts, each read once; `undefined` if it is refused. Default: the value itself. */
  readonly read?: (value: unknown) => unknown;
  /** What it does, in a sentence, for tools that tell it. The losses of this package say it in their comments instead. */
  readonly doc?: string;
}

export type OptionDeclarations<O> = { readonly [K in keyof O]: OptionDeclaration<O[K]> };

function numeric(
  where: string,
  initial: number,
  doc: string | undefined,
  domain: string,
  accepts: (value: number) => boolean,
  kind: "number" | "integer" = "number",
): OptionDeclaration<number> {
  return declaredOption(where, {
    default: initial,
    domain,
    kind,
    ...(doc === undefined ? {} : { doc }),
    accepts: (value): value is number => typeof value === "number" && accepts(value),
  });
}

/** A finite number. */
export function finite(initial: number, doc?: string): OptionDeclaration<number> {
  return numeric("finite", initial, doc, "a finite number", Number.isFinite);
}

/** A finite number > 0. */
export function positive(initial: number, doc?: string): OptionDeclaration<number> {
  return numeric("positive", initial, doc, "a finite number > 0", (value) => value > 0 && value < Infinity);
}

/** A finite number ≥ 0. */
export function nonNegative(initial: number, doc?: string): OptionDeclaration<number> {
  return numeric("nonNegative", initial, doc, "a finite number >= 0", (value) => value >= 0 && value < Infinity);
}

/** A number in [0, 1]. */
export function fraction(initial: number, doc?: string): OptionDeclaration<number> {
  return numeric("fraction", initial, doc, "a number in [0, 1]", (value) => value >= 0 && value <= 1);
}

/** An integer, as far as numbers are exact. */
export function integer(initial: number, doc?: string): OptionDeclaration<number> {
  return numeric("integer", initial, doc, "an integer of at most 53 bits", Number.isSafeInteger, "integer");
}

/** An integer ≥ 1. */
export function count(initial: number, doc?: string): OptionDeclaration<number> {
  const accepts = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  return numeric("count", initial, doc, "an integer >= 1", accepts, "integer");
}

/** The option of a number that may be left out, which `"none"` says; it is the default. */
export function orNone<T>(declaration: OptionDeclaration<T>): OptionDeclaration<T | "none"> {
  const own = declaredOption("orNone", declaration);
  const { domain, accepts } = own;
  return declaredOption("orNone", {
    ...own,
    default: "none",
    domain: `"none" | ${domain}`,
    accepts: (value): value is T | "none" => value === "none" || accepts(value),
  });
}

/** The order of a vector norm: any number, Infinity and -Infinity included. */
export function normOrder(initial: number, doc?: string): OptionDeclaration<number> {
  return numeric("normOrder", initial, doc, "a number, Infinity or -Infinity", (value) => !Number.isNaN(value));
}

export function flag(initial: boolean, doc?: string): OptionDeclaration<boolean> {
  return declaredOption("flag", {
    default: initial,
    domain: "true or false",
    kind: "boolean",
    ...(doc === undefined ? {} : { doc }),
    accepts: (value): value is boolean => typeof value === "boolean",
  });
}

/** One of a fixed list of words. */
export function oneOf<const T extends string>(choices: readonly T[], initial: T, doc?: string): OptionDeclaration<T> {
  const texts: T[] = [];
  if (
    !isListOf(choices, (choice) => typeof choice === "string" && cut(choice) === choice && texts.push(choice as T) > 0)
  ) {
    throw new OptionError(`oneOf: choices must be a list of short texts, got ${printValue(choices)}.`);
  }
  return declaredOption("oneOf", {
    default: initial,
    domain: texts.map((choice) => `"${choice}"`).join(" | "),
    choices: texts,
    kind: "choice",
    ...(doc === undefined ? {} : { doc }),
    accepts: (value): value is T => typeof value === "string" && texts.some((choice) => choice === value),
  });
}

/** Some of a fixed list of words, at least one, each once. */
export function someOf<const T extends string>(
  choices: readonly T[],
  initial: readonly T[],
  doc?: string,
): OptionDeclaration<readonly T[]> {
  const { domain, choices: texts = [], accepts } = oneOf(choices, choices[0] as T, doc);
  const read = (value: unknown): readonly T[] | undefined => {
    const found = new Set<T>();
    const isNew = (item: unknown): boolean => accepts(item) && !found.has(item) && found.add(item).size > 0;
    return isListOf(value, isNew) && found.size > 0 ? Object.freeze([...found]) : undefined;
  };
  return declaredOption("someOf", {
    default: Object.freeze([...initial]),
    domain: `a list of ${domain}`,
    choices: texts,
    kind: "list",
    ...(doc === undefined ? {} : { doc }),
    accepts: (value): value is readonly T[] => read(value) !== undefined,
    read,
  });
}

const kinds: readonly unknown[] = ["number", "integer", "boolean", "choice", "list", "function"];

/** A copy of a declaration, if it is one, with a default that it accepts: each part is read once, and stays what it was. */
export function declaredOption<T>(where: string, declaration: OptionDeclaration<T>): OptionDeclaration<T> {
  return readable(where, () => {
    const given = (isObject(declaration) ? declaration : {}) as Partial<typeof declaration>;
    const { domain, kind, accepts, read, doc, default: initial, choices } = given;
    const own: string[] = [];
    const isRead = read === undefined || typeof read === "function";
    const isDeclared = typeof domain === "string" && typeof accepts === "function" && isRead && isKind(kind);
    const hasChoices =
      choices === undefined || isListOf(choices, (one) => typeof one === "string" && own.push(one) > 0);
    if (!isDeclared || !hasChoices) {
      const wanted = "an option declared with finite(), flag(), oneOf() …";
      throw new OptionError(`${where} must be ${wanted}, got ${printValue(declaration)}.`);
    }
    if (doc !== undefined && typeof doc !== "string") {
      throw new OptionError(`${where} must have a doc that is a text, got ${printValue(doc)}.`);
    }
    if (!accepts(initial)) {
      throw new OptionError(`${where} must have a default that is ${domain}, got ${printValue(initial)}.`);
    }
    return {
      default: initial,
      domain,
      kind,
      accepts,
      ...(read === undefined ? {} : { read }),
      ...(doc === undefined ? {} : { doc }),
      ...(choices === undefined ? {} : { choices: own }),
    };
  });
}

function isKind(kind: unknown): kind is OptionDeclaration<unknown>["kind"] {
  return kinds.includes(kind);
}

/** Which axis of the logits holds the classes: 1 as in PyTorch, or the last. */
export type ClassAxis = 1 | -1;

/** `1 | -1`: the classes are axis 1 as in PyTorch, or the last axis, as models of sequences give them. */
export function classAxis(initial: ClassAxis = 1): OptionDeclaration<ClassAxis> {
  return declaredOption("classAxis", {
    default: initial,
    domain: "1 or -1",
    kind: "integer",
    accepts: (value): value is ClassAxis => value === 1 || value === -1,
  });
}

/** The only reduction of a loss that is one number by nature. */
export function noReduction(): OptionDeclaration<"none"> {
  return oneOf(["none"], "none");
}

/** `"none" | "mean" | "sum"`, as in PyTorch. */
export function reduction(initial: Reduction = "mean"): OptionDeclaration<Reduction> {
  return oneOf(["none", "mean", "sum"], initial);
}

/** The same for losses over the pairs of a batch, which also have `"avgNonZero"`. */
export function batchReduction(initial: BatchReduction = "mean"): OptionDeclaration<BatchReduction> {
  return oneOf(["none", "mean", "sum", "avgNonZero"], initial);
}

/** Checks given options against their declarations and fills in the defaults. Unknown keys are errors. */
export function resolveOptions<O extends object>(
  loss: string,
  declarations: OptionDeclarations<O>,
  given: Readonly<Partial<Record<string, unknown>>> | undefined,
): O {
  if (!isPlainObject(declarations)) {
    throw new OptionError(
      `resolveOptions: options must be declared in a plain object, got ${printValue(declarations)}.`,
    );
  }
  const options = readOptions<O>(loss, given as O | undefined, declarations as Rules<O>);
  const resolved: Partial<O> = {};
  for (const key of Object.keys(declarations) as (keyof O)[]) {
    const value = options[key];
    resolved[key] = value === undefined ? declarations[key].default : value;
  }
  return Object.freeze(resolved) as O;
}

/** Options as JSON holds them: NaN and the infinities are the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, wherever they are. */
export function optionsToJSON(
  loss: string,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return mapPlain(loss, "options", options, (value, key) => {
    if (typeof value === "function") {
      throw new OptionError(`${loss}: option ${cut(key)} must be plain data to be serialised, got a function.`);
    }
    return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  });
}

const numbers: ReadonlyMap<unknown, number> = new Map(
  [NaN, Infinity, -Infinity].map((value) => [String(value), value]),
);

/** The inverse of {@link optionsToJSON}. */
export function optionsFromJSON(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return mapPlain("optionsFromJSON", "options", options, (value) => numbers.get(value) ?? value);
}

/** More than any loss has: lists that share items may stand for far more than they hold, and what holds itself has no end. */
const mostValues = 100_000;
const deepestOption = 100;

/** Plain data with every value that is neither a list nor an object changed, each read once. `what`: what the data are, for messages. */
export function mapPlain(
  where: string,
  what: string,
  data: Readonly<Record<string, unknown>>,
  change: (value: unknown, key: string) => unknown,
): Readonly<Record<string, unknown>> {
  let count = 0;
  const deep = (value: unknown, key: string, depth: number): unknown => {
    if (depth > deepestOption || ++count > mostValues) {
      const wanted = `at most ${mostValues} values, at most ${deepestOption} deep`;
      throw new OptionError(`${where}: ${what} must have ${wanted}, got more in ${cut(key)}.`);
    }
    if (isPlainObject(value)) {
      return Object.fromEntries(Object.keys(value).map((name) => [name, deep(value[name], key, depth + 1)]));
    }
    if (!Array.isArray(value)) return change(value, key);
    const items: unknown[] = [];
    // A hole is an item: lists may be nothing but holes, without end.
    for (let i = 0; i < value.length; i++) items.push(deep(value[i], key, depth + 1));
    return items;
  };
  return readable(where, () => {
    if (!isPlainObject(data)) {
      throw new OptionError(`${where}: ${what} must be a plain object, got ${printValue(data)}.`);
    }
    return Object.fromEntries(Object.keys(data).map((key) => [key, deep(data[key], key, 1)]));
  });
}
