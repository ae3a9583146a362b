import { createBackend } from "@losses/onnxruntime";
import { loadKnownFailures } from "../../src/index.js";
import { testBackend } from "../../src/vitest.js";

await testBackend(() => createBackend({ device: "cpu" }), {
  id: "onnxruntime:cpu",
  atMost: 4,
  knownFailures: loadKnownFailures(),
  reportFile: ".reports/conformance/onnxruntime-cpu.json",
});
