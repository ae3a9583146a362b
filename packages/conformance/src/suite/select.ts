import { checkArgument, isObject, isTexts, OptionError, printValue, readable, type Rule } from "@losses/core";
import { textRule } from "../arguments.js";

/** Which backends a run is limited to and which it must not do without. */
export interface Selection {
  /** True if a backend takes part. */
  readonly takes: (id: string) => boolean;
  /** True if a backend that does not work here fails the run. */
  readonly requires: (id: string) => boolean;
}

/**
 * Reads `LOSSES_BACKENDS` (only these take part) and `LOSSES_REQUIRE` (these must work): ids separated by spaces or
 * commas. A family names all its devices: `tfjs` is `tfjs:cpu`, `tfjs:wasm` …
 *
 * @param known every backend that may be named; `undefined` where only some are in view
 * @throws OptionError on a name that none of `known` bears
 */
export function selectBackends(
  known: readonly string[] | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Selection {
  checkArgument("selectBackends", "the known backends", known, knownRule);
  checkArgument("selectBackends", "the environment", environment, {
    domain: "variables by name",
    accepts: (value) => isObject(value) && typeof value !== "function",
  });
  const only = names("LOSSES_BACKENDS", known, environment);
  const required = names("LOSSES_REQUIRE", known, environment);
  const requires = (id: string): boolean => required.some((name) => covers(name, id));
  return { takes: (id) => only.length === 0 || only.some((name) => covers(name, id)) || requires(id), requires };
}

const knownRule: Rule = {
  domain: "a list of ids, or undefined",
  accepts: (value) => value === undefined || isTexts(value),
};

/** True if a name is a backend's id, or the family of it. */
export function covers(name: string, id: string): boolean {
  checkArgument("covers", "the name", name, textRule);
  checkArgument("covers", "the id", id, textRule);
  return id === name || id.startsWith(`${name}:`);
}

function names(
  variable: string,
  known: readonly string[] | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const text: unknown = readable("selectBackends", () => environment[variable]) ?? "";
  if (typeof text !== "string") throw new OptionError(`${variable} must be a text, got ${printValue(text)}.`);
  const given = text.split(/[\s,]+/).filter((name) => name !== "");
  for (const name of given) {
    if (known !== undefined && !known.some((id) => covers(name, id))) {
      throw new OptionError(`${variable}: names must be among ${listed(known)}, got ${printed(name)}.`);
    }
  }
  return given;
}

const longest = 1000;

function listed(names: readonly string[]): string {
  const all = names.join(", ");
  return all.length > longest ? `${all.slice(0, longest)}…` : all;
}

function printed(name: string): string {
  return name.length > longest ? printValue(name) : name;
}
