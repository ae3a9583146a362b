import { InputError, LossesError, OptionError } from "./errors.js";

/** What one named part of an argument may be. `domain`: the same in words, as messages print it. */
export interface Rule {
  readonly domain: string;
  readonly accepts: (value: unknown) => boolean;
}

/** A rule for each part: one that is forgotten does not compile. */
export type Rules<O> = { readonly [K in keyof O]-?: Rule };

const nothing: object = Object.freeze({});

/**
 * The options that were given, each read once; `undefined` counts as absent. Names that no rule knows are refused: a misspelt
 * option must not be ignored.
 *
 * @param where what was called, for messages: `exportLoss`
 * @throws OptionError
 */
export function readOptions<O extends object>(where: string, given: O | undefined, rules: Rules<O>): Partial<O> {
  if (given === undefined) return nothing as Partial<O>;
  const options: Partial<O> = {};
  try {
    if (!isPlainObject(given)) {
      const wanted = `a plain object with ${namesOf(rules)}`;
      throw new OptionError(`${where}: options must be ${wanted}, got ${printValue(given)}.`);
    }
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(rules, key)) throw unknownOption(where, key, rules);
      const name = key as keyof O;
      const value = given[name];
      if (value === undefined) continue;
      if (!rules[name].accepts(value)) throw wrongOption(where, key, rules[name], value);
      options[name] = value;
    }
  } catch (cause) {
    throw unreadable(where, cause);
  }
  return options;
}

/** The same where some must be there. */
export function readParts<O extends object>(
  where: string,
  given: O,
  rules: Rules<O>,
  required: readonly (keyof O & string)[],
): O {
  const parts = readOptions(where, given ?? null, rules);
  for (const name of required) if (parts[name] === undefined) throw wrongOption(where, name, rules[name], undefined);
  return parts as O;
}

/** Refuses an argument that its rule does not accept. `what`: which one, `the dtype`. */
export function checkArgument(where: string, what: string, value: unknown, { domain, accepts }: Rule): void {
  if (readable(where, () => accepts(value))) return;
  throw new OptionError(`${where}: ${what} must be ${domain}, got ${printValue(value)}.`);
}

function namesOf(rules: object): string {
  return Object.keys(rules).join(", ");
}

function unknownOption(where: string, key: string, rules: object): OptionError {
  const message = `${where}: options must be among ${namesOf(rules)}, got the unknown option ${cut(key)}.`;
  return new OptionError(message, "UNKNOWN_OPTION");
}

function wrongOption(where: string, key: string, { domain }: Rule, value: unknown): OptionError {
  return new OptionError(`${where}: option ${key} must be ${domain}, got ${printValue(value)}.`);
}

/** What `read` gives. An argument that throws when it is looked at (a getter, a proxy) is refused like any other. */
export function readable<A>(where: string, read: () => A): A {
  try {
    return read();
  } catch (cause) {
    throw unreadable(where, cause);
  }
}

/** The error for an argument that threw `cause` when it was looked at; `cause` itself where that is a refusal of ours. */
export function unreadable(where: string, cause: unknown): LossesError {
  let said = "";
  try {
    if (cause instanceof LossesError) return cause;
    said = cause instanceof Error ? `: ${cut(cause.message)}` : "";
  } catch {
    // What was thrown throws as well.
  }
  const message = `${where}: arguments must be readable, got one that throws when it is looked at${said}.`;
  return new InputError(message, "INVALID_INPUT", { cause });
}

/** True for `{ … }`. In an array, a Map or an instance of a class, names would be overlooked. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  // The same object of another realm.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

/** True for an object or a function, of which properties can be asked. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" ? value !== null : typeof value === "function";
}

/** True for a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

const longest = 60;

/** A text short enough for a message. */
export function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** A short form of any value for an error message. Never throws. */
export function printValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(cut(value));
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return cut(String(value));
  try {
    if (Array.isArray(value)) return "an array";
    const name: unknown = value.constructor?.name;
    return `an object (${typeof name === "string" ? cut(name) : "Object"})`;
  } catch {
    // A proxy may refuse anything.
    return "an object";
  }
}
