import { BackendUnavailableError } from "@losses/core";
import { internalsOf, type CurrentEngine, type Internals } from "./internals.js";
import type { Tf } from "./tf.js";

/**
 * Runs synchronous work on an initialised engine. TensorFlow.js has one current engine for the whole process: it is
 * changed for the duration of the work and then put back, so the caller's own engine is never affected.
 */
export function onEngine<A>(tf: Tf, device: string, work: () => A): A {
  if (tf.getBackend() === device) return work();
  const internals = internalsOf(tf);
  return internals === undefined ? bySetBackend(tf, device, work) : byFields(internals, device, work);
}

function byFields<A>(engine: Internals, device: string, work: () => A): A {
  const instance = engine.registry[device];
  if (instance === undefined) throw lost(device);
  const before = read(engine);
  Object.assign(engine, { backendName: device, backendInstance: instance, pendingBackendInit: undefined });
  try {
    return work();
  } finally {
    Object.assign(engine, before);
  }
}

// setBackend is asynchronous by signature, but has switched when it returns if the engine is initialised.
function bySetBackend<A>(tf: Tf, device: string, work: () => A): A {
  const before = tf.getBackend();
  void tf.setBackend(device);
  if (tf.getBackend() !== device) throw lost(device);
  try {
    return work();
  } finally {
    if (before) void tf.setBackend(before);
  }
}

/** True if TensorFlow.js knows an engine of this name, initialised or not. */
export function isRegistered(tf: Tf, device: string): boolean {
  const factory: unknown = tf.findBackendFactory(device);
  return typeof factory === "function";
}

/** Initialises an engine that is registered, without making it the current one. */
export async function initialise(tf: Tf, device: string): Promise<void> {
  const internals = internalsOf(tf);
  if (internals === undefined) return initialiseBySetBackend(tf, device);
  // The user may be starting the same engine right now.
  if (tf.getBackend() === device) await internals.pendingBackendInit;
  if (internals.registry[device] === undefined) {
    const factory = tf.findBackendFactory(device);
    const instance = await factory();
    internals.registry[device] ??= instance;
  }
  // Kernels are set up by setBackend, which answers at once now that the engine exists.
  const before = read(internals);
  try {
    void tf.setBackend(device);
  } finally {
    Object.assign(internals, before);
  }
}

/** Waits for work that may make this engine the current one, as importing some does; the one that was current stays so. */
export async function keepingCurrent(tf: Tf, device: string, work: () => Promise<unknown>): Promise<void> {
  const name = tf.getBackend();
  const internals = internalsOf(tf);
  const before = internals && read(internals);
  try {
    await work();
  } finally {
    if (name !== device && tf.getBackend() === device) {
      // An engine that was starting may have started meanwhile.
      const backendInstance = internals?.registry[name] ?? before?.backendInstance;
      if (internals !== undefined) Object.assign(internals, { ...before, backendInstance });
      else if (name) await tf.setBackend(name);
    }
  }
}

async function initialiseBySetBackend(tf: Tf, device: string): Promise<void> {
  const before = tf.getBackend();
  if (before === device) return;
  const done = await tf.setBackend(device);
  if (before) await tf.setBackend(before);
  if (!done) throw new Error(`engine ${device} failed to initialise`);
}

function read({ backendName, backendInstance, profiler, pendingBackendInit }: CurrentEngine): CurrentEngine {
  return { backendName, backendInstance, profiler, pendingBackendInit };
}

function lost(device: string): BackendUnavailableError {
  const reason = `the engine ${device} is no longer registered with TensorFlow.js`;
  return new BackendUnavailableError(`tfjs: device must be available, got "${device}": ${reason}.`, [reason]);
}
