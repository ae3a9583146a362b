import { LossesError } from "@losses/core";
import { badValues, type BadValue } from "./badValues.js";

/** Where in the arguments something is: `1.shapes.input`. */
type Path = readonly (string | number)[];

/** Says whether a value may be accepted somewhere; then a result is as right as a refusal. */
export type Takes = (value: unknown) => boolean;

/** How a function is called, and what it takes. */
export interface Entry {
  /** Arguments of a call that is right, made anew. */
  readonly args: () => readonly unknown[] | Promise<readonly unknown[]>;
  /** How it is called, where that is not plainly. */
  readonly call?: Call;
  /** What may stand at a path of the arguments, besides what `args` has there. `*` stands for any one name. */
  readonly takes?: Readonly<Record<string, Takes>>;
  /** Paths of objects that may have other names than they have, or into which a call does not look. */
  readonly open?: readonly string[];
  /** True where each property of an argument must be read once at most. */
  readonly once?: boolean;
  /** Paths that are not taken apart: what is in there is another function's. */
  readonly whole?: readonly string[];
  /** What a result is compared by; default: it is not. */
  readonly result?: (result: unknown) => unknown;
  /** True where an argument may be called, and what it throws is not ours. */
  readonly calls?: boolean;
  /** How many of the bad values are tried in each place, where a call takes long: others in each. Default: all. */
  readonly draws?: number;
  /** Frees what a call has made. */
  readonly dispose?: (result: unknown) => unknown;
}

export type Call = (...args: readonly unknown[]) => unknown;

interface Outcome {
  readonly result?: unknown;
  readonly error?: unknown;
  readonly failed: boolean;
}

const patience = 20_000;

async function attempt(call: Call, args: readonly unknown[]): Promise<Outcome> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
  });
  try {
    const answer = call(...args);
    // What is no promise is not awaited: it may be one that never ends.
    const result = answer instanceof Promise ? await Promise.race([answer, limit]) : answer;
    return { result, failed: false };
  } catch (error) {
    return { error, failed: true };
  } finally {
    clearTimeout(timer);
  }
}

/** Walks one function through every bad value in every place; returns what was wrong, one sentence each. */
export async function walk(name: string, call: Call, entry: Entry): Promise<readonly string[]> {
  const problems: string[] = [];
  const right = await attempt(call, await entry.args());
  if (right.failed) return [`${name}: the right call must be answered, got ${String(right.error)}`];
  const wanted = show(entry, right.result);
  await entry.dispose?.(right.result);

  const judge = async (
    what: string,
    args: readonly unknown[],
    mayPass: boolean,
    mayThrow: boolean,
  ): Promise<boolean> => {
    const outcome = await attempt(call, args);
    if (outcome.failed) {
      const wrong = wrongWith(outcome.error, mayThrow, entry.calls);
      if (wrong !== undefined) problems.push(`${name}(${what}): ${wrong}`);
    } else {
      if (!mayPass) problems.push(`${name}(${what}) must be refused, got an answer`);
      await entry.dispose?.(outcome.result);
    }
    return outcome.failed;
  };

  const base = await entry.args();
  for (const path of pathsOf(base, entry)) {
    for (const bad of drawn(entry, name, path)) {
      const what = `${path.join(".")} = ${bad.name}`;
      const args = await entry.args();
      await judge(what, replaced(args, path, bad.make()), mayTake(entry, path, bad, valueAt(args, path)), bad.throws);
    }
    const thrown = withGetter(await entry.args(), path, () => {
      throw new Error("this getter throws");
    });
    const isFree = rule(entry.takes ?? {}, path) === anything;
    if (thrown !== undefined) await judge(`${path.join(".")} = a getter that throws`, thrown, isFree, true);
    await changing(path);
  }
  for (const path of objectsOf(base, entry)) {
    const open = isOpen(entry, path);
    for (const [what, change] of namings) {
      const args = await entry.args();
      const object = change(valueAt(args, path) as object);
      await judge(`${path.join(".")} with ${what}`, replaced(args, path, object), open, false);
    }
  }
  if (base.length > 0) await judge("nothing", [], (await entry.args()).length === 0 || takesNothing(entry), false);
  return problems;

  /** A getter that answers rightly once: it is asked no more, or what it says then does no harm. */
  async function changing(path: Path): Promise<void> {
    for (const later of badValues.filter((bad) => !bad.throws)) {
      const args = await entry.args();
      const first = valueAt(args, path);
      let asked = 0;
      const changed = withGetter(args, path, () => (asked++ === 0 ? first : later.make()));
      if (changed === undefined) return;
      const what = `${path.join(".")} = a getter, later ${later.name}`;
      const outcome = await attempt(call, changed);
      if (entry.once === true) {
        if (asked > 1) problems.push(`${name}(${what}) must ask once, got ${asked} times`);
        const got = outcome.failed ? String(outcome.error) : show(entry, outcome.result);
        if (got !== wanted) problems.push(`${name}(${what}) must give ${wanted}, got ${got}`);
      } else if (outcome.failed) {
        const wrong = wrongWith(outcome.error, true, entry.calls);
        if (wrong !== undefined) problems.push(`${name}(${what}): ${wrong}`);
      }
      if (!outcome.failed) await entry.dispose?.(outcome.result);
      if (asked <= 1) return;
    }
  }
}

/** The bad values for a place: the same in every run. */
function drawn({ draws = badValues.length }: Entry, name: string, path: Path): readonly BadValue[] {
  let state = 1;
  for (const letter of `${name}.${path.join(".")}`) state = Math.imul(state, 31) + (letter.codePointAt(0) ?? 0);
  const left = [...badValues];
  return Array.from({ length: Math.min(draws, left.length) }, () => {
    // The numbers of Park and Miller.
    state = (((Math.abs(state) % 2147483646) + 1) * 48271) % 2147483647;
    return left.splice(state % left.length, 1);
  }).flat();
}

function show(entry: Entry, result: unknown): string {
  return JSON.stringify(entry.result?.(result)) ?? "";
}

/** What is wrong with an error; `undefined` if it is one that helps. */
function wrongWith(error: unknown, canThrow: boolean, calls: boolean = false): string | undefined {
  const mayThrow = canThrow || calls;
  if (calls && isTheirs(error)) return undefined;
  if (!(error instanceof LossesError)) {
    const text =
      error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 4).join(" | ") : String(error);
    return `the error must be a LossesError, got ${text}`;
  }
  const { message } = error;
  if (message.length > 2000) return `the message must be short, got ${message.length} characters`;
  if (!/\bmust\b/.test(message) || !/\bgot\b/.test(message)) {
    return `the message must say what was expected and what came, got "${message}"`;
  }
  if (!mayThrow && message.includes("throws when it is looked at")) {
    return `the message must say what was expected, got "${message}"`;
  }
  return undefined;
}

/** True for what an argument threw when it was called or asked for its items. A class passes for a function, and cannot be called. */
function isTheirs(error: unknown): boolean {
  return error instanceof Error && /^(it refuses to be looked at$|Class constructor Empty )/.test(error.message);
}

function mayTake(entry: Entry, path: Path, bad: BadValue, right: unknown): boolean {
  // An argument that is undefined counts as absent: whether it may be is not told here.
  if (bad.name === "undefined") return true;
  const value = bad.make();
  if (Object.is(value, right) || (isEmptyList(value) && isEmptyList(right))) return true;
  try {
    return rule(entry.takes ?? {}, path)?.(value) ?? false;
  } catch {
    return false;
  }
}

function isEmptyList(value: unknown): boolean {
  try {
    return Array.isArray(value) && value.length === 0;
  } catch {
    return false;
  }
}

function takesNothing({ takes = {} }: Entry): boolean {
  return takes["nothing"] !== undefined;
}

/** For places of which nothing is asked. */
export const anything: Takes = () => true;

function rule(takes: Readonly<Record<string, Takes>>, path: Path): Takes | undefined {
  for (const [pattern, takesThis] of Object.entries(takes)) if (matches(pattern, path)) return takesThis;
  return undefined;
}

function matches(pattern: string, path: Path): boolean {
  const parts = pattern.split(".");
  return parts.length === path.length && parts.every((part, i) => part === "*" || part === String(path[i]));
}

function isOpen({ open = [], takes = {} }: Entry, path: Path): boolean {
  return open.some((pattern) => matches(pattern, path)) || rule(takes, path) === anything;
}

const deepest = 5;

function isTakenApart(value: unknown): value is Readonly<Record<string, unknown>> | readonly unknown[] {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** The places in arguments, of long lists the first two. */
function pathsOf(args: readonly unknown[], entry: Entry): readonly Path[] {
  const found: Path[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (path.length > 0) found.push(path);
    const isWhole = (entry.whole ?? []).some((pattern) => matches(pattern, path));
    if (path.length >= deepest || isWhole || !isTakenApart(value)) return;
    const names = Array.isArray(value) ? [...value.keys()].slice(0, 2) : Object.keys(value);
    for (const name of names) visit((value as Readonly<Record<string | number, unknown>>)[name], [...path, name]);
  };
  visit(args, []);
  // All arguments, not two.
  for (let i = 2; i < args.length; i++) visit(args[i], [i]);
  return found;
}

function objectsOf(args: readonly unknown[], entry: Entry): readonly Path[] {
  return pathsOf(args, entry).filter((path) => {
    const value = valueAt(args, path);
    const isWhole = (entry.whole ?? []).some((pattern) => matches(pattern, path));
    return isTakenApart(value) && !Array.isArray(value) && !isWhole;
  });
}

const namings: readonly (readonly [string, (object: object) => object])[] = [
  ["an unknown name", (object) => ({ ...object, unknownName: 1 })],
  ["an own __proto__", (object) => Object.defineProperty({ ...object }, "__proto__", { value: 1, enumerable: true })],
  ["a name that every object has", (object) => ({ ...object, toString: 1 })],
  ["a name that is inherited", (object) => Object.setPrototypeOf({ ...object }, { inherited: 1 }) as object],
];

function valueAt(args: unknown, path: Path): unknown {
  return path.reduce((value, name) => (value as Readonly<Record<string | number, unknown>>)[name], args);
}

/** A copy with another value at a path. */
function replaced(args: readonly unknown[], path: Path, value: unknown): readonly unknown[] {
  return copied(args, path, (object, name) => {
    object[name] = value;
  });
}

/** A copy with a getter at a path below the arguments; `undefined` for an argument itself. */
function withGetter(args: readonly unknown[], path: Path, get: () => unknown): readonly unknown[] | undefined {
  if (path.length < 2) return undefined;
  return copied(args, path, (object, name) => Object.defineProperty(object, name, { get, enumerable: true }));
}

function copied(
  value: readonly unknown[],
  path: Path,
  change: (object: Record<string | number, unknown>, name: string | number) => void,
): readonly unknown[] {
  const copy = (own: unknown, at: number): unknown => {
    const object = (Array.isArray(own) ? [...own] : { ...(own as object) }) as Record<string | number, unknown>;
    const name = path[at] as string | number;
    if (at === path.length - 1) change(object, name);
    else object[name] = copy(object[name], at + 1);
    return object;
  };
  return copy(value, 0) as readonly unknown[];
}
