import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { printValue, type Backend } from "@losses/core";
import type { JsEngineName } from "@losses/js";
import type { Device } from "@losses/onnxruntime";
import type { TfjsDevice } from "@losses/tfjs";
import { UsageError } from "./failure.js";

type Open = () => Promise<Backend<unknown>>;

/** Every backend that the command line knows, and how to open it. Nothing is imported before it is asked for. */
const openers: Readonly<Record<string, Open>> = {
  js: async () => (await import("@losses/js")).createBackend(),
  "js:wasm": () => openJs("wasm"),
  "js:scalar": () => openJs("scalar"),
  "tfjs:cpu": () => openTfjs("cpu"),
  "tfjs:wasm": () => openTfjs("wasm"),
  "tfjs:webgl": () => openTfjs("webgl"),
  "tfjs:webgpu": () => openTfjs("webgpu"),
  "tfjs:tensorflow": () => openTfjs("tensorflow"),
  "onnxruntime:cpu": () => openOnnxRuntime("node", "cpu"),
  "onnxruntime:webgpu": () => openOnnxRuntime("node", "webgpu"),
  "onnxruntime:cuda": () => openOnnxRuntime("node", "cuda"),
  "onnxruntime-web:wasm": () => openOnnxRuntime("web", "wasm"),
  "onnxruntime-web:webgpu": () => openOnnxRuntime("web", "webgpu"),
};

/** The ids of all backends. */
export const backendIds: readonly string[] = Object.keys(openers);

/**
 * Opens a backend by its id.
 *
 * @throws UsageError on an id that does not exist; BackendUnavailableError where it does not work here
 */
export async function openBackend(id: string): Promise<Backend<unknown>> {
  const open = typeof id === "string" && Object.hasOwn(openers, id) ? openers[id] : undefined;
  if (open === undefined) throw unknown(id);
  return open();
}

/** The ids behind a list such as `js,tfjs:wasm`; a family stands for all its devices. */
export function namedBackends(list: string): readonly string[] {
  if (typeof list !== "string") throw unknown(list);
  const ids = list
    .split(/[\s,]+/)
    .filter((name) => name !== "")
    .flatMap((name) => {
      if (Object.hasOwn(openers, name)) return [name];
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
  const got = typeof name === "string" ? name : printValue(name);
  return new UsageError(`the backend must be one of ${backendIds.join(", ")}, got ${got}.`);
}

async function openJs(engine: JsEngineName): Promise<Backend<unknown>> {
  const { createBackend } = await import("@losses/js");
  return createBackend({ engine });
}

async function openTfjs(device: TfjsDevice): Promise<Backend<unknown>> {
  const { createBackend } = await import("@losses/tfjs");
  // Without this TensorFlow.js advertises its Node package on standard error. If it is missing, createBackend says so.
  await import("@tensorflow/tfjs-core").then((tf) => tf.enableProdMode()).catch(() => undefined);
  return createBackend({ device });
}

async function openOnnxRuntime(runtime: "node" | "web", device: Device): Promise<Backend<unknown>> {
  const { createBackend } = await import("@losses/onnxruntime");
  return createBackend({ runtime, device });
}
