import { defineBackend, type Backend } from "@losses/core";
import type { Device } from "./devices.js";
import { makeEngine } from "./engine.js";
import type { OrtModule, OrtTensor, RuntimeName } from "./runtime.js";
import type { SessionSetup } from "./sessions.js";

/** What a backend was made of. */
export interface BackendParts {
  readonly setup: SessionSetup;
  readonly device: Device;
  readonly runtime: RuntimeName;
  /** The runtime in this thread; that of `setup` may be in a worker. */
  readonly ort: OrtModule;
  /** Ends what was started for the backend. */
  readonly stop: () => Promise<void>;
}

const parts = new WeakMap<Backend<OrtTensor>, BackendParts>();

export function makeBackend(made: BackendParts): Backend<OrtTensor> {
  const backend = defineBackend(makeEngine(made.setup, made.device, made.stop));
  parts.set(backend, made);
  return backend;
}

/** What a backend of this package was made of; `undefined` for any other. */
export function setupOf(backend: Backend<OrtTensor>): BackendParts | undefined {
  return parts.get(backend);
}
