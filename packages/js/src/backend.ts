import { BackendUnavailableError, defineSyncBackend, type Engine, type SyncBackend } from "@losses/core";
import { scalarEngine } from "./scalar/engine.js";
import type { JsTensor } from "./tensor.js";

/** The engines of this backend: `scalar` is plain JavaScript and works everywhere. */
export type JsEngineName = "scalar";

export interface JsBackendOptions {
  /** The engine to use, exactly; default: the fastest that works here. All of them run on the processor. */
  readonly engine?: JsEngineName;
}

const engines: { readonly [K in JsEngineName]: () => Engine<JsTensor> } = { scalar: scalarEngine };

/**
 * The backend in pure JavaScript: no native parts, synchronous as well as asynchronous, float32 and float64.
 *
 * @param options - `engine`: which one; default the fastest that works here.
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
 * @param options - `engine`: which one; default the fastest that works here.
 * @throws BackendUnavailableError where there is no such engine.
 */
export function createBackendSync({ engine = "scalar" }: JsBackendOptions = {}): SyncBackend<JsTensor> {
  if (!Object.hasOwn(engines, engine)) {
    const known = Object.keys(engines).join(", ");
    const message = `js: engine must be one of ${known}, got ${String(engine)}.`;
    throw new BackendUnavailableError(message, [`${String(engine)}: no such engine`]);
  }
  return defineSyncBackend(engines[engine]());
}
