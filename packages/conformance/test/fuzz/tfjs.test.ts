import { createBackend } from "@losses/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { fuzzBackend } from "../../src/vitest.js";

const countTensors = (): number => tf.engine().state.numTensors;

await fuzzBackend(() => createBackend({ device: "cpu" }), {
  id: "tfjs:cpu",
  seed: 3001,
  takesOut: false,
  countTensors,
});
await fuzzBackend(() => createBackend({ device: "wasm" }), { id: "tfjs:wasm", seed: 4001, countTensors });
