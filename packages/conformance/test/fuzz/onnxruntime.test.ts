import { createBackend } from "@losses/onnxruntime";
import { fuzzBackend } from "../../src/vitest.js";

await fuzzBackend(() => createBackend({ device: "cpu", threads: 1 }), {
  id: "onnxruntime:cpu",
  seed: 5001,
  count: 60,
});
