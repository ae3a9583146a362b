import type { KernelBackend } from "@tensorflow/tfjs-core";
import type { Tf, TfTensor } from "./tf.js";

/** Which engine is current, as TensorFlow.js 4 keeps it. */
export interface CurrentEngine {
  backendName: string | undefined;
  backendInstance: KernelBackend | undefined;
  profiler: unknown;
  pendingBackendInit: Promise<boolean> | undefined;
}

/** The fields of the global TensorFlow.js engine that have no public equivalent. */
export interface Internals extends CurrentEngine {
  readonly registry: Record<string, KernelBackend | undefined>;
}

/** How deep TensorFlow.js is in gradient calls and in kernels; it records a tape while the first is > 0 and the second 0. */
export interface TapeState {
  gradientDepth: number;
  kernelDepth: number;
}

/** The engine's fields, or `undefined` if this version of TensorFlow.js keeps them elsewhere. */
export function internalsOf(tf: Tf): Internals | undefined {
  const engine: object = tf.engine();
  const known = "registry" in engine && isObject(engine.registry) && "registryFactory" in engine && "state" in engine;
  return known ? (engine as unknown as Internals) : undefined;
}

export function tapeStateOf(tf: Tf): TapeState | undefined {
  const engine: object = tf.engine();
  if (!("state" in engine) || !isObject(engine.state)) return undefined;
  const { state } = engine;
  const known =
    "gradientDepth" in state &&
    "kernelDepth" in state &&
    typeof state.gradientDepth === "number" &&
    typeof state.kernelDepth === "number";
  return known ? (state as TapeState) : undefined;
}

/**
 * The tape that is being recorded, or `undefined` if it cannot be seen. TensorFlow.js hands what an operation has saved to
 * its gradient, and disposes it when gradients have been computed.
 */
export function tapeOf(tf: Tf): readonly { readonly saved: TfTensor[] }[] | undefined {
  const engine: object = tf.engine();
  if (!("state" in engine) || !isObject(engine.state) || !("activeTape" in engine.state)) return undefined;
  const { activeTape } = engine.state;
  return Array.isArray(activeTape) ? activeTape : undefined;
}

/** True while TensorFlow.js records operations in order to differentiate them; assumed if that cannot be seen. */
export function isTapeOn(tf: Tf): boolean {
  const state = tapeStateOf(tf);
  return state === undefined || (state.gradientDepth > 0 && state.kernelDepth === 0);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
