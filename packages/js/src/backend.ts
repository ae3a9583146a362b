import {
  BackendUnavailableError,
  defineSyncBackend,
  readOptions,
  type Engine,
  type Rules,
  type SyncBackend,
} from "@losses/core";
import { whyNot } from "@losses/wasm";
import { fastestEngine } from "./fastest.js";
import { scalarEngine } from "./scalar/engine.js";
import type { JsTensor } from "./tensor.js";
import { wasmEngine } from "./wasm/engine.js";

/**
 * The engines of this backend: `wasm` compiles losses to WebAssembly SIMD, in float32; `scalar` is plain JavaScript, works
 * everywhere and computes in float64.
 */
export type JsEngineName = "wasm" | "scalar";

export interface JsBackendOptions {
  /**
   * The engine to use, exactly; default: the fastest that works here, for each loss. Both run on the processor, in the thread
   * that calls.
   */
  readonly engine?: JsEngineName;
}

const engines: { readonly [K in JsEngineName]: () => Engine<JsTensor> } = {
  wasm: () => {
    const reason = whyNot();
    if (reason === undefined) return wasmEngine();
    throw new BackendUnavailableError(`js: engine wasm must work here, got: ${reason}`, [`wasm: ${reason}`]);
  },
  scalar: scalarEngine,
};

const rules: Rules<JsBackendOptions> = {
  engine: {
    domain: `one of ${Object.keys(engines).join(", ")}`,
    accepts: (value) => typeof value === "string" && Object.hasOwn(engines, value),
  },
};

/**
 * The backend in JavaScript and WebAssembly made at run time: no native parts, synchronous as well as asynchronous.
 *
 * Without `engine` it is called `js`: float32 losses run on `wasm` where that works, everything else on `scalar`.
 *
 * @param options - `engine`: which one.
 * @throws BackendUnavailableError where that engine does not work, with the reason and the cure; OptionError on an unknown option.
 * @example
 * ```ts
 * const backend = await createBackend();
 * const loss = await backend.compile(tripletMarginLoss({ margin: 0.2 }));
 * const { value, grads } = await loss.valueAndGrad({ anchor, positive, negative });
 * ```
 */
export async function createBackend(options?: JsBackendOptions): Promise<SyncBackend<JsTensor>> {
  return createBackendSync(options);
}

/**
 * The same backend at once, as for a synchronous training step.
 *
 * @param options - `engine`: which one.
 * @throws BackendUnavailableError where that engine does not work, with the reason and the cure; OptionError on an unknown option.
 */
export function createBackendSync(options?: JsBackendOptions): SyncBackend<JsTensor> {
  const { engine } = readOptions("js", options, rules);
  return defineSyncBackend(engine === undefined ? fastestEngine() : engines[engine]());
}
