import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";

export { tf };

/** The engines that work in Node without a native add-on. */
export const devices = ["cpu", "wasm"] as const;

/** Starts every engine and leaves cpu the current one. */
export async function startEngines(): Promise<void> {
  for (const device of [...devices].reverse()) await tf.setBackend(device);
}
