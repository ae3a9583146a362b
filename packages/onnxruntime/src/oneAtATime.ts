import type { OrtModule } from "./runtime.js";

/** The last thing that a module was asked for. */
const last = new WeakMap<object, Promise<unknown>>();

/**
 * The same runtime, doing one thing after the other: onnxruntime-web's WebGPU build loses its place when something is asked of
 * it while it waits for the GPU. All backends on one module share the queue.
 */
export function oneAtATime(ort: OrtModule): OrtModule {
  const queue = <T>(task: () => Promise<T>): Promise<T> => {
    const before = last.get(ort.InferenceSession) ?? Promise.resolve();
    const result = before.then(task, task);
    last.set(ort.InferenceSession, result);
    return result;
  };
  const create: OrtModule["InferenceSession"]["create"] = async (model, options) => {
    const session = await queue(() => ort.InferenceSession.create(model, options));
    return {
      run: (feeds, outputs) => queue(() => session.run(feeds, outputs)),
      release: () => queue(() => session.release()),
    };
  };
  return { Tensor: ort.Tensor, env: ort.env, InferenceSession: { create } };
}
