import type { OrtModule } from "./runtime.js";

/** Runs a task when it may, and gives its result. */
export type InTurn = <T>(task: () => Promise<T>) => Promise<T>;

/** The last thing that a module was asked for. */
const last = new WeakMap<object, Promise<unknown>>();

/** Tasks of one module, one after the other. All backends on the module share the queue. */
export function queueOf({ InferenceSession }: OrtModule): InTurn {
  return (task) => {
    const before = last.get(InferenceSession) ?? Promise.resolve();
    const result = before.then(task, task);
    last.set(InferenceSession, result);
    return result;
  };
}

/**
 * The same runtime, doing one thing after the other: onnxruntime-web's WebGPU build loses its place when something is asked of
 * it while it waits for the GPU.
 */
export function oneAtATime(ort: OrtModule): OrtModule {
  const queue = queueOf(ort);
  const create: OrtModule["InferenceSession"]["create"] = async (model, options) => {
    const session = await queue(() => ort.InferenceSession.create(model, options));
    return {
      run: (feeds, fetches) => queue(() => session.run(feeds, fetches)),
      release: () => queue(() => session.release()),
    };
  };
  return { Tensor: ort.Tensor, env: ort.env, InferenceSession: { create } };
}
