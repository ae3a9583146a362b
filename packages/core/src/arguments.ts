import { InputError, LossesError, OptionError } from "./errors.js";

/** What one named part of an argument may be. `domain`: the same in words, as messages print it. */
export interface Rule {
  readonly domain: string;
  readonly accepts: (value: unknown) => boolean;
  /** What is kept of a value, its items read once; `undefined` if it is refused. Default: the value, if it is accepted. */
  readonly read?: (value: unknown) => unknown;
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
  if (!isObject(rules)) throw new OptionError(`readOptions: rules must be an object, got ${printValue(rules)}.`);
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
      const rule: Rule = rules[name];
      if (!isRule(rule)) throw wrongRule("readOptions", rule);
      const kept = keep(rule, value);
      if (kept === undefined) throw wrongOption(where, key, rule, value);
      options[name] = kept as O[keyof O];
    }
  } catch (cause) {
    throw unreadable(where, cause);
  }
  return options;
}

function keep({ accepts, read }: Rule, value: unknown): unknown {
  if (read !== undefined) return read(value);
  return accepts(value) ? value : undefined;
}

/** A rule for lists of at most so many items, each of which `item` accepts. A copy is kept of them. */
export function listRule(domain: string, item: Rule, most: number = Infinity): Rule {
  if (!(typeof most === "number" && most >= 0)) {
    throw new OptionError(`listRule: most must be a number >= 0, got ${printValue(most)}.`);
  }
  return copyingRule("listRule", domain, item, (value, kept) => {
    if (!Array.isArray(value)) return undefined;
    // A hole is an item: lists may be nothing but holes, without end.
    const { length } = value;
    const items: unknown[] = [];
    while (items.length < Math.min(length, most + 1)) items.push(kept(value[items.length]));
    return length > most ? undefined : items;
  });
}

/** A rule for plain objects, of which `item` accepts each property. A copy is kept of them. */
export function recordRule(domain: string, item: Rule): Rule {
  return copyingRule("recordRule", domain, item, (value, kept) =>
    isPlainObject(value)
      ? Object.fromEntries(Object.keys(value).map((key): [string, unknown] => [key, kept(value[key])]))
      : undefined,
  );
}

/** What is thrown at the first item that is refused. */
const refused = new Error("refused");

function copyingRule(
  where: string,
  domain: string,
  item: Rule,
  copy: (value: unknown, kept: (item: unknown) => unknown) => unknown,
): Rule {
  const own = readable(where, (): Rule => ({ ...item }));
  if (typeof domain !== "string" || !isRule(own)) throw wrongRule(where, typeof domain === "string" ? item : domain);
  const kept = (value: unknown): unknown => {
    const found = keep(own, value);
    if (found === undefined) throw refused;
    return found;
  };
  const read = (value: unknown): unknown => {
    try {
      return copy(value, kept);
    } catch {
      // It was refused, or throws when it is looked at.
      return undefined;
    }
  };
  return { domain, accepts: (value) => read(value) !== undefined, read };
}

/** The options that were given, as `readOptions` reads them, where some must be there. */
export function readParts<O extends object>(
  where: string,
  given: O,
  rules: Rules<O>,
  required: readonly (keyof O & string)[],
): O {
  const parts = readOptions(where, given ?? null, rules);
  const isThere = (name: unknown): boolean => {
    if (typeof name !== "string" || !isRule(rules[name as keyof O])) return false;
    if (parts[name as keyof O] === undefined) missing ??= name;
    return true;
  };
  let missing: string | undefined;
  if (!isListOf(required, isThere)) {
    throw new OptionError(`readParts: required must be names that have rules, got ${printValue(required)}.`);
  }
  if (missing !== undefined) throw wrongOption(where, missing, rules[missing as keyof O], undefined);
  return parts as O;
}

/** Refuses an argument that its rule does not accept. `what`: which one, `the dtype`. */
export function checkArgument(where: string, what: string, value: unknown, rule: Rule): void {
  const wanted = readable(where, () => {
    const { domain, accepts } = isRule(rule) ? rule : { domain: "", accepts: undefined };
    if (accepts === undefined) throw wrongRule("checkArgument", rule);
    return accepts(value) ? undefined : domain;
  });
  if (wanted !== undefined) throw new OptionError(`${where}: ${what} must be ${wanted}, got ${printValue(value)}.`);
}

function isRule(rule: unknown): rule is Rule {
  return (
    isObject(rule) &&
    typeof rule["domain"] === "string" &&
    typeof rule["accepts"] === "function" &&
    (rule["read"] === undefined || typeof rule["read"] === "function")
  );
}

function wrongRule(where: string, rule: unknown): OptionError {
  return new OptionError(`${where}: a rule must have a domain and a function accepts, got ${printValue(rule)}.`);
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
  if (typeof read !== "function") throw new OptionError(`readable: read must be a function, got ${printValue(read)}.`);
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
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return true;
    // The same object of another realm.
    return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
  } catch {
    return false;
  }
}

/** True for an object or a function, of which properties can be asked. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" ? value !== null : typeof value === "function";
}

/** True for a list of which every item is accepted. A hole is an item: lists may be nothing but holes, without end. */
export function isListOf(value: unknown, accepts: (item: unknown, at: number) => boolean): value is readonly unknown[] {
  if (typeof accepts !== "function") {
    throw new OptionError(`isListOf: accepts must be a function, got ${printValue(accepts)}.`);
  }
  try {
    if (!Array.isArray(value)) return false;
    for (let i = 0; i < value.length; i++) if (!accepts(value[i], i)) return false;
    return true;
  } catch {
    return false;
  }
}

/** True for a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return isListOf(value, (item) => typeof item === "string");
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
