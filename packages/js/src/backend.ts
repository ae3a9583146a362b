import {
  BackendUnavailableError,
  defineSyncBackend,
  OptionError,
  readOptions,
  type Engine,
  type Rules,
  type SyncBackend,
} from "@losses/core";
import { createTeam, mostThreads, whyNot, type HeapOptions, type ThreadTeam } from "@losses/wasm";
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
   * Default 1: workers take time and memory to start, and gain nothing where every processor is busy already. Small losses are computed
   * by one all the same. Results are the same in every run with the same number of threads. The
   * workers end with `dispose`, and keep no process alive. `createBackend` only: workers take time to start.
   */
  readonly threads?: number;
  /**
   * Bytes that the memory of the engine `wasm` may grow to: tensors that `tensor` made, and what a call needs. Default 4 GiB, which is all
   * that there can be. What does not fit is refused with a `LossesError` before anything has been written.
   */
  readonly memory?: number;
}

const engines: { readonly [K in JsEngineName]: (team?: ThreadTeam, heap?: HeapOptions) => Engine<JsTensor> } = {
  wasm: (team, heap) => {
    const reason = whyNot();
    if (reason === undefined) return wasmEngine(undefined, team, heap);
    throw new BackendUnavailableError(`js: engine wasm must work here, got: ${reason}`, [`wasm: ${reason}`]);
  },
  scalar: () => scalarEngine(),
};

const [leastMemory, mostMemory] = [2 ** 20, 2 ** 32];

const rules: Rules<JsBackendOptions> = {
  engine: {
    domain: `one of ${Object.keys(engines).join(", ")}`,
    accepts: (value) => typeof value === "string" && Object.hasOwn(engines, value),
  },
  threads: {
    domain: `a whole number from 1 to ${mostThreads}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= mostThreads,
  },
  memory: {
    domain: `a whole number of bytes from ${leastMemory} to ${mostMemory}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= leastMemory && Number(value) <= mostMemory,
  },
};

/**
 * The backend in JavaScript and WebAssembly made at run time: no native parts, synchronous as well as asynchronous.
 *
 * Without `engine` it is called `js`: float32 losses run on `wasm` where that works, everything else on `scalar`.
 *
 * @param options - `engine`: which one; `threads`: how many threads it has; `memory`: how much there is for it.
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
  const { engine, threads = 1, memory } = readOptions("js", options, rules);
  if (threads === 1) return makeBackend(engine, memory);
  if (engine === "scalar") {
    throw new OptionError(`js: threads must be 1 with the engine scalar, got ${threads}. Use the engine wasm.`);
  }
  return makeBackend(engine, memory, await startTeam(threads, heapOptions(memory)));
}

function heapOptions(memory: number | undefined): HeapOptions {
  return memory === undefined ? {} : { ceiling: memory };
}

async function startTeam(threads: number, heap: HeapOptions): Promise<ThreadTeam> {
  const reason = whyNot();
  const unavailable = (said: string): BackendUnavailableError => {
    const told = `js: ${threads} threads must work here, got: ${said} Or leave out the option threads.`;
    return new BackendUnavailableError(told, [`wasm: ${said}`]);
  };
  if (reason !== undefined) throw unavailable(reason);
  try {
    return await createTeam(wasmId, threads, undefined, heap);
  } catch (cause) {
    throw unavailable(cause instanceof Error ? cause.message : String(cause));
  }
}

function makeBackend(
  engine: JsEngineName | undefined,
  memory: number | undefined,
  team?: ThreadTeam,
): SyncBackend<JsTensor> {
  if (engine === "scalar" && memory !== undefined) {
    throw new OptionError(
      `js: memory must be left out with the engine scalar, got ${memory}. It is the engine wasm's.`,
    );
  }
  const heap = heapOptions(memory);
  return defineSyncBackend(engine === undefined ? fastestEngine(team, heap) : engines[engine](team, heap));
}

/**
 * The same backend at once, as for a synchronous training step.
 *
 * @param options - `engine`: which one; `memory`: how much there is for it.
 * @throws BackendUnavailableError where that engine does not work, with the reason and the cure; OptionError on an unknown option.
 */
export function createBackendSync(options?: Omit<JsBackendOptions, "threads">): SyncBackend<JsTensor> {
  const { engine, threads = 1, memory } = readOptions<JsBackendOptions>("js", options, rules);
  if (threads === 1) return makeBackend(engine, memory);
  throw new OptionError(
    `js: threads must be 1 for createBackendSync, got ${threads}. Await createBackend: workers take time to start.`,
  );
}
