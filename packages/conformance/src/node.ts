import { LossesError, OptionError } from "@losses/core";

interface Builtins {
  readonly "node:fs": typeof import("node:fs");
  readonly "node:path": typeof import("node:path");
  readonly "node:module": typeof import("node:module");
}

/** A module of Node.js, asked for when it is needed: the suite itself also runs in browsers, which have none. */
export function nodeModule<K extends keyof Builtins>(name: K, purpose: string): Builtins[K] {
  const builtin = globalThis.process?.getBuiltinModule?.(name) as Builtins[K] | undefined;
  if (builtin === undefined) {
    throw new LossesError("INVALID_INPUT", `conformance: ${purpose} needs Node.js >= 20.19, got no ${name} here.`);
  }
  return builtin;
}

/** The environment, empty where there is none. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return globalThis.process?.env ?? {};
}

/** What a variable of the environment says, where it says something. */
export function countFromEnvironment(
  name: "LOSSES_CASES" | "LOSSES_FUZZ_SEED" | "LOSSES_FUZZ_COUNT",
): number | undefined {
  const text = environment()[name];
  if (text === undefined || text === "") return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new OptionError(`${name}: must be an integer >= 0, got ${text}.`);
  }
  return number;
}
