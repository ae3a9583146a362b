import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { printValue, type Backend, type BackendLoader } from "@losses/core";
import { UsageError } from "./failure.js";
import { findBackend, knownBackends } from "./knownBackends.js";

/** The ids of all backends. */
export const backendIds: readonly string[] = knownBackends.map(({ id }) => id);

/**
 * Opens a backend by its id.
 *
 * @throws UsageError on an id that does not exist; BackendUnavailableError where it does not work here
 */
export async function openBackend(id: string): Promise<Backend<unknown>> {
  const known = findBackend(id);
  if (known === undefined) throw unknown(id);
  // Nothing is imported before it is asked for.
  switch (known.engine) {
    case "js": {
      const { createBackend } = await import("@losses/js");
      return createBackend(known.device === undefined ? {} : { engine: known.device });
    }
    case "tfjs": {
      const { createBackend } = await import("@losses/tfjs");
      // Without this TensorFlow.js advertises its Node package on standard error. If it is missing, createBackend says so.
      await import("@tensorflow/tfjs-core").then((tf) => tf.enableProdMode()).catch(() => undefined);
      return createBackend({ device: known.device });
    }
    case "onnxruntime": {
      const { createBackend } = await import("@losses/onnxruntime");
      return createBackend({ runtime: known.runtime, device: known.device });
    }
  }
}

/** Every backend by its id, for `openBackend` and `chooseBackend` of @losses/core. */
export const backendLoaders: readonly BackendLoader[] = backendIds.map((id) => ({ id, open: () => openBackend(id) }));

/** The ids behind a list such as `js,tfjs:wasm`; a family stands for all its devices. */
export function namedBackends(list: string): readonly string[] {
  if (typeof list !== "string") throw unknown(list);
  const ids = list
    .split(/[\s,]+/)
    .filter((name) => name !== "")
    .flatMap((name) => {
      if (backendIds.includes(name)) return [name];
      const family = backendIds.filter((id) => id.startsWith(`${name}:`));
      if (family.length === 0) throw unknown(name);
      return family;
    });
  if (ids.length === 0) throw new UsageError("--backend must name at least one backend, got none.");
  return [...new Set(ids)];
}

/** Versions of the engines that are installed. */
export function engineVersions(): Readonly<Record<string, string>> {
  const here = createRequire(import.meta.url);
  const found: Record<string, string> = {};
  for (const name of ["@tensorflow/tfjs-core", "onnxruntime-node", "onnxruntime-web"]) {
    const version = versionOf(here, name);
    if (version !== undefined) found[name] = version;
  }
  return found;
}

function versionOf(here: NodeJS.Require, name: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(here.resolve(`${name}/package.json`), "utf8")) as { version?: string };
    return version;
  } catch {
    return undefined;
  }
}

function unknown(name: unknown): UsageError {
  return new UsageError(`the backend must be one of ${backendIds.join(", ")}, got ${printValue(name)}.`);
}
