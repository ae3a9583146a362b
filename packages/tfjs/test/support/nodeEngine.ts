import { tf } from "./engines.js";
import type { TfTensor } from "../../src/index.js";

type Kernel = NonNullable<ReturnType<typeof tf.getKernel>>;

/** Kernels that tfjs-node writes in operations of TensorFlow.js: they take tensors only. */
const inOperations: readonly string[] = ["Pow", "ClipByValue"];

/**
 * What importing `@tensorflow/tfjs-node` does, on the kernels of the cpu engine: it registers the engine `tensorflow` and
 * makes it the current one. Its kernels answer with tensors, but for Identity.
 */
export function registerNodeEngine(): void {
  const engine = tf.findBackendFactory("cpu")() as ReturnType<typeof tf.backend>;
  for (const kernel of tf.getKernelsForBackend("cpu")) {
    tf.registerKernel({ ...kernel, backendName: "tensorflow", kernelFunc: likeNode(kernel) });
  }
  tf.registerBackend("tensorflow", () => engine, 3);
  void tf.setBackend("tensorflow");
}

/** Undoes {@link registerNodeEngine}, if it was done. */
export function removeNodeEngine(): void {
  for (const { kernelName } of tf.getKernelsForBackend("tensorflow")) tf.unregisterKernel(kernelName, "tensorflow");
  if (typeof tf.findBackendFactory("tensorflow") === "function") tf.removeBackend("tensorflow");
}

function likeNode({ kernelName, kernelFunc }: Kernel): Kernel["kernelFunc"] {
  return (call) => {
    if (inOperations.includes(kernelName)) {
      for (const input of Object.values(call.inputs)) {
        if (!(input instanceof tf.Tensor)) throw new Error("Argument 'x' passed to 'cast' must be a Tensor");
      }
    }
    const result = kernelFunc(call);
    if (kernelName === "Identity" || Array.isArray(result) || result instanceof tf.Tensor) return result;
    return tf.engine().makeTensorFromTensorInfo(result) as TfTensor;
  };
}
