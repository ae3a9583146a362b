import { UsageError } from "../failure.js";
import { findBackend, type KnownBackend } from "../knownBackends.js";

/** Engines whose results peers are written for. */
export type Family = KnownBackend["engine"];

/** How the engine behind a backend answers. */
export interface EngineDevice {
  readonly family: Family;
  /** The name of the device in its engine: `wasm` of `tfjs:wasm`. */
  readonly device: string;
  readonly web: boolean;
  /** True if the synchronous calls of the backend can be used. */
  readonly answersAtOnce: boolean;
  /** True if a call returns before the device is done, so that its value has to be read. */
  readonly mustBeRead: boolean;
}

/** How the engine behind a backend's id answers. */
export function deviceOf(id: string): EngineDevice {
  const known = findBackend(id);
  if (known === undefined) throw new UsageError(`bench: the backend must be a known one, got ${id}.`);
  const { engine: family, device = "" } = known;
  const inMemory = family === "js" || device === "cpu" || device === "wasm";
  return {
    family,
    device,
    web: known.engine === "onnxruntime" && known.runtime === "web",
    answersAtOnce: family !== "onnxruntime" && inMemory,
    mustBeRead: family === "tfjs" && !inMemory,
  };
}
