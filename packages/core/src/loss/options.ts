import { OptionError } from "../errors.js";

/** How a loss turns its element-wise or per-sample values into the result. `batchmean` is klDiv's alone. */
export type Reduction = "none" | "mean" | "sum";

/** One declared option: its default, how a given value is checked, and what documentation and tools say about it. */
export interface OptionDeclaration<T> {
  readonly default: T;
  /** The domain in words, as error messages and tables print it: `a number > 0`. */
  readonly domain: string;
  /** The values that may be given, where they can be listed. */
  readonly choices?: readonly string[];
  /** What kind of text a command line takes for it. */
  readonly kind: "number" | "integer" | "boolean" | "choice" | "function";
  readonly accepts: (value: unknown) => value is T;
  readonly doc: string;
}

export type OptionDeclarations<O> = { readonly [K in keyof O]: OptionDeclaration<O[K]> };

const isFinite = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function numeric(
  initial: number,
  doc: string,
  domain: string,
  accepts: (value: number) => boolean,
): OptionDeclaration<number> {
  return {
    default: initial,
    domain,
    kind: "number",
    doc,
    accepts: (value): value is number => isFinite(value) && accepts(value),
  };
}

/** A finite number. */
export function finite(initial: number, doc: string): OptionDeclaration<number> {
  return numeric(initial, doc, "a finite number", () => true);
}

/** A finite number > 0. */
export function positive(initial: number, doc: string): OptionDeclaration<number> {
  return numeric(initial, doc, "a finite number > 0", (value) => value > 0);
}

/** A finite number ≥ 0. */
export function nonNegative(initial: number, doc: string): OptionDeclaration<number> {
  return numeric(initial, doc, "a finite number >= 0", (value) => value >= 0);
}

/** A number in [0, 1]. */
export function fraction(initial: number, doc: string): OptionDeclaration<number> {
  return numeric(initial, doc, "a number in [0, 1]", (value) => value >= 0 && value <= 1);
}

/** An integer, as far as numbers are exact. */
export function integer(initial: number, doc: string): OptionDeclaration<number> {
  return {
    ...numeric(initial, doc, "an integer of at most 53 bits", Number.isSafeInteger),
    kind: "integer",
  };
}

/** The order of a vector norm: any number, Infinity and -Infinity included. */
export function normOrder(initial: number, doc: string): OptionDeclaration<number> {
  return {
    ...numeric(initial, doc, "a number, Infinity or -Infinity", () => true),
    accepts: (value): value is number => typeof value === "number" && !Number.isNaN(value),
  };
}

export function flag(initial: boolean, doc: string): OptionDeclaration<boolean> {
  return {
    default: initial,
    domain: "true or false",
    kind: "boolean",
    doc,
    accepts: (value): value is boolean => typeof value === "boolean",
  };
}

/** One of a fixed list of words. */
export function oneOf<const T extends string>(choices: readonly T[], initial: T, doc: string): OptionDeclaration<T> {
  return {
    default: initial,
    domain: choices.map((choice) => `"${choice}"`).join(" | "),
    choices,
    kind: "choice",
    doc,
    accepts: (value): value is T => typeof value === "string" && choices.some((choice) => choice === value),
  };
}

/** `"none" | "mean" | "sum"`, as in PyTorch. */
export function reduction(initial: Reduction = "mean"): OptionDeclaration<Reduction> {
  return oneOf(["none", "mean", "sum"], initial, "How the values become the result; `none` returns them as they are.");
}

/** Refuses options that do not exist: a misspelt one must not be ignored. */
export function checkOptionNames(where: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new OptionError(
      `${where}: options must be among ${known.join(", ")}, got the unknown option ${key}.`,
      "UNKNOWN_OPTION",
    );
  }
}

/** Checks given options against their declarations and fills in the defaults. Unknown keys are errors. */
export function resolveOptions<O extends object>(
  loss: string,
  declarations: OptionDeclarations<O>,
  given: Readonly<Partial<Record<string, unknown>>>,
): O {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new OptionError(`${loss}: options must be an object, got ${printValue(given)}.`);
  }
  checkOptionNames(loss, given, Object.keys(declarations));
  const resolved: Record<string, unknown> = {};
  for (const [key, declaration] of Object.entries<OptionDeclaration<unknown>>(declarations)) {
    const value = given[key] === undefined ? declaration.default : given[key];
    if (!declaration.accepts(value)) {
      throw new OptionError(`${loss}: option ${key} must be ${declaration.domain}, got ${printValue(value)}.`);
    }
    resolved[key] = value;
  }
  return Object.freeze(resolved) as O;
}

/** A short form of any value for an error message. */
export function printValue(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "an array" : `an object (${value.constructor?.name ?? "Object"})`;
}

/** Options as JSON holds them: NaN and the infinities are the strings `"NaN"`, `"Infinity"` and `"-Infinity"`. */
export function optionsToJSON(
  loss: string,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => {
      if (typeof value === "function") {
        throw new OptionError(`${loss}: option ${key} must be plain data to be serialised, got a function.`);
      }
      return [key, typeof value === "number" && !Number.isFinite(value) ? String(value) : value];
    }),
  );
}

/** The inverse of {@link optionsToJSON}. */
export function optionsFromJSON(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const numbers: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, typeof value === "string" ? (numbers[value] ?? value) : value]),
  );
}
