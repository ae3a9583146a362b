import { cut, isListOf, isObject, printValue, readable, readParts, type Rules } from "../arguments.js";
import type { Backend, MaybePromise } from "../backend.js";
import { BackendUnavailableError, OptionError } from "../errors.js";
import { checkBackend } from "./checkBackend.js";

/** A backend that may be opened: what it is called, and what opens it. Nothing is imported before that. */
export interface BackendLoader {
  readonly id: string;
  readonly open: () => MaybePromise<Backend<unknown>>;
}

/** What was taken, and why what was preferred to it was not. */
export interface OpenedBackend {
  readonly id: string;
  readonly backend: Backend<unknown>;
  readonly refused: readonly RefusedBackend[];
}

export interface RefusedBackend {
  readonly id: string;
  readonly reason: string;
}

/**
 * Opens the first of several backends that works here. Nothing is taken that was not named.
 *
 * @param preferences in order: loaders, or ids of `loaders`; or a text of ids with commas between them, as an environment variable has
 * @param loaders what the ids stand for
 * @throws OptionError on no preferences or an unknown id, before anything is opened; BackendUnavailableError, with all reasons, where
 * none works
 * @example
 * ```ts
 * const loaders = [
 *   { id: "onnxruntime:cuda", open: () => import("@losses/onnxruntime").then((m) => m.createBackend({ device: "cuda" })) },
 *   { id: "js", open: () => import("@losses/js").then((m) => m.createBackend()) },
 * ];
 * const { id, backend, refused } = await openBackend(process.env.LOSSES_BACKEND ?? ["onnxruntime:cuda", "js"], loaders);
 * ```
 */
export async function openBackend(
  preferences: string | readonly (string | BackendLoader)[],
  loaders: readonly BackendLoader[] = [],
): Promise<OpenedBackend> {
  const wanted = readPreferences(preferences, readLoaders("openBackend", "loaders", loaders));
  const refused: RefusedBackend[] = [];
  for (const { id, open } of wanted) {
    try {
      const backend = await open();
      checkBackend(`openBackend: ${id}`, backend);
      return { id, backend, refused };
    } catch (error) {
      refused.push({ id, reason: reasonOf(error) });
    }
  }
  const reasons = refused.map(({ id, reason }) => (reason.startsWith(`${id}: `) ? reason : `${id}: ${reason}`));
  throw new BackendUnavailableError(
    `openBackend: one of ${wanted.map(({ id }) => id).join(", ")} must work here, got none. ${reasons.join(" ")}`,
    reasons,
  );
}

/** More than there are backends; a list without end is refused. */
const mostPreferences = 1000;

function readPreferences(given: unknown, loaders: readonly BackendLoader[]): readonly BackendLoader[] {
  const known = loaders.map(({ id }) => id).join(", ") || "none";
  const items: unknown[] = [];
  const isTooLong = (): boolean => items.length > mostPreferences;
  const listed: readonly unknown[] | undefined =
    typeof given === "string"
      ? given.split(/[\s,]+/).filter((id) => id !== "")
      : isListOf(given, (one) => items.push(one) > 0 && !isTooLong())
        ? items
        : undefined;
  if (listed === undefined || listed.length === 0) {
    const got = listed === undefined ? printValue(given) : "none";
    throw new OptionError(
      `openBackend: preferences must be backends in order, got ${got}. There are loaders for ${known}.`,
    );
  }
  return listed.map((one) => {
    if (typeof one !== "string") return readLoader("openBackend", one);
    const loader = loaders.find(({ id }) => id === one);
    if (loader !== undefined) return loader;
    throw new OptionError(`openBackend: preferences must be among ${known}, got ${printValue(one)}.`);
  });
}

const rules: Rules<BackendLoader> = {
  id: { domain: "a short text", accepts: (value) => typeof value === "string" && value !== "" && cut(value) === value },
  open: { domain: "a function that opens the backend", accepts: (value) => typeof value === "function" },
};

/** Loaders, each part read once, no two of one id; throws `OptionError`. `what`: what they are called there. */
export function readLoaders(where: string, what: string, given: unknown): readonly BackendLoader[] {
  return readable(where, () => {
    const loaders: BackendLoader[] = [];
    if (!isListOf(given, (one) => loaders.push(readLoader(where, one)) > 0)) {
      throw new OptionError(`${where}: ${what} must be a list of { id, open }, got ${printValue(given)}.`);
    }
    const twice = loaders.find(({ id }, i) => loaders.findIndex((other) => other.id === id) !== i);
    if (twice !== undefined)
      throw new OptionError(`${where}: ${what} must have ids of their own, got two ${twice.id}.`);
    return loaders;
  });
}

function readLoader(where: string, given: unknown): BackendLoader {
  return readParts(where, given as BackendLoader, rules, ["id", "open"]);
}

/** Why something did not open, in one line. */
function reasonOf(error: unknown): string {
  try {
    if (error instanceof BackendUnavailableError && error.reasons.length > 0) return error.reasons.join(" ");
    const said = isObject(error) ? error["message"] : error;
    const text = typeof said === "string" ? said : printValue(said);
    return text.replaceAll("\n", " ");
  } catch {
    return "what was thrown cannot be read.";
  }
}
