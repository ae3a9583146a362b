import {
  BackendUnavailableError,
  defineSyncBackend,
  OptionError,
  readOptions,
  type Engine,
  type Rules,
  type SyncBackend,
} from "@losses/core";
import { createTeam, whyNot, type ThreadTeam } from "@losses/wasm";
import { fastestEngine } from "./fastest.js";
import { scalarEngine } from "./scalar/engine.js";
import type { JsTensor } from "./tensor.js";
import { wasmEngine, wasmId } from "./wasm/engine.js";

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
  /**
   * How many threads compute what is large on the engine `wasm`: the one that calls, which waits for the others, and workers.
   * Default 1. Small losses are computed by one all the same. Results are the same in every run with the same number of threads. The
   * workers end with `dispose`, and keep no process alive. `createBackend` only: workers take time to start.
   */
  readonly threads?: number;
}

const engines: { readonly [K in JsEngineName]: (team?: ThreadTeam) => Engine<JsTensor> } = {
  wasm: (team) => {
    const reason = whyNot();
    if (reason === undefined) return wasmEngine(undefined, team);
    throw new BackendUnavailableError(`js: engine wasm must work here, got: ${reason}`, [`wasm: ${reason}`]);
  },
  scalar: () => scalarEngine(),
};

const mostThreads = 64;

const rules: Rules<JsBackendOptions> = {
  engine: {
    domain: `one of ${Object.keys(engines).join(", ")}`,
    accepts: (value) => typeof value === "string" && Object.hasOwn(engines, value),
  },
  threads: {
    domain: `a whole number from 1 to ${mostThreads}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= mostThreads,
  },
};

/**
 * The backend in JavaScript and WebAssembly made at run time: no native parts, synchronous as well as asynchronous.
 *
 * Without `engine` it is called `js`: float32 losses run on `wasm` where that works, everything else on `scalar`.
 *
 * @param options - `engine`: which one; `threads`: how many threads it has.
 * @throws BackendUnavailableError where that engine or its threads do not work, with the reason and the cure; OptionError on an unknown
 * option.
 * @example
 * ```ts
 * const backend = await createBackend();
 * const loss = await backend.compile(tripletMarginLoss({ margin: 0.2 }));
 * const { value, grads } = await loss.valueAndGrad({ anchor, positive, negative });
 * ```
 */
export async function createBackend(options?: JsBackendOptions): Promise<SyncBackend<JsTensor>> {
  const { engine, threads = 1 } = readOptions("js", options, rules);
  if (threads === 1) return makeBackend(engine);
  if (engine === "scalar") {
    throw new OptionError(`js: threads must be 1 with the engine scalar, got ${threads}. Use the engine wasm.`);
  }
  return makeBackend(engine, await startTeam(threads));
}

async function startTeam(threads: number): Promise<ThreadTeam> {
  const reason = whyNot();
  const unavailable = (said: string): BackendUnavailableError => {
    const told = `js: ${threads} threads must work here, got: ${said} Or leave out the option threads.`;
    return new BackendUnavailableError(told, [`wasm: ${said}`]);
  };
  if (reason !== undefined) throw unavailable(reason);
  try {
    return await createTeam(wasmId, threads);
  } catch (cause) {
    throw unavailable(cause instanceof Error ? cause.message : String(cause));
  }
}

function makeBackend(engine: JsEngineName | undefined, team?: ThreadTeam): SyncBackend<JsTensor> {
  return defineSyncBackend(engine === undefined ? fastestEngine(team) : engines[engine](team));
}

/**
 * The same backend at once, as for a synchronous training step.
 *
 * @param options - `engine`: which one.
 * @throws BackendUnavailableError where that engine does not work, with the reason and the cure; OptionError on an unknown option.
 */
export function createBackendSync(options?: Omit<JsBackendOptions, "threads">): SyncBackend<JsTensor> {
  const { engine, threads = 1 } = readOptions<JsBackendOptions>("js", options, rules);
  if (threads === 1) return makeBackend(engine);
  throw new OptionError(
    `js: threads must be 1 for createBackendSync, got ${threads}. Await createBackend: workers take time to start.`,
  );
}
