import { createBackend } from "@losses/tfjs";
import { loadKnownFailures } from "../../src/index.js";
import { testBackend } from "../../src/vitest.js";

await testBackend(() => createBackend({ device: "wasm" }), {
  id: "tfjs:wasm",
  atMost: 4,
  knownFailures: loadKnownFailures(),
  reportFile: ".reports/conformance/tfjs-wasm.json",
});
