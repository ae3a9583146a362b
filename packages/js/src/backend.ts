import { BackendUnavailableError, defineSyncBackend, type Engine, type SyncBackend } from "@losses/core";
import { scalarEngine } from "./scalar/engine.js";
import type { JsTensor } from "./tensor.js";

/** The engines of this backend: `scalar` is plain JavaScript and works everywhere. */
export type JsDevice = "scalar";

export interface JsBackendOptions {
  /** The engine to use, exactly; default: the fastest that works here. */
  readonly device?: JsDevice;
}

const engines: { readonly [K in JsDevice]: () => Engine<JsTensor> } = { scalar: scalarEngine };

/**
 * The backend in pure JavaScript: no native parts, synchronous as well as asynchronous, float32 and float64.
 *
 * @param options - `device`: the engine; default the fastest that works here.
 * @throws BackendUnavailableError where there is no such engine.
 * @example
 * ```ts
 * const backend = await createBackend();
 * const loss = await backend.compile(tripletMarginLoss({ margin: 0.2 }));
 * const { value, grads } = await loss.valueAndGrad({ anchor, positive, negative });
 * ```
 */
export async function createBackend(options: JsBackendOptions = {}): Promise<SyncBackend<JsTensor>> {
  return createBackendSync(options);
}

/**
 * The same backend at once, as for a synchronous training step.
 *
 * @param options - `device`: the engine; default the fastest that works here.
 * @throws BackendUnavailableError where there is no such engine.
 */
export function createBackendSync({ device = "scalar" }: JsBackendOptions = {}): SyncBackend<JsTensor> {
  if (!Object.hasOwn(engines, device)) {
    const known = Object.keys(engines).join(", ");
    const message = `js: device must be one of ${known}, got ${String(device)}.`;
    throw new BackendUnavailableError(message, [`${String(device)}: no such engine`]);
  }
  return defineSyncBackend(engines[device]());
}
