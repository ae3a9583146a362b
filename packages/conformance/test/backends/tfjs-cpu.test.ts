import { createBackend } from "@losses/tfjs";
import { loadKnownFailures } from "../../src/index.js";
import { testBackend } from "../../src/vitest.js";

await testBackend(() => createBackend({ device: "cpu" }), {
  id: "tfjs:cpu",
  atMost: 6,
  knownFailures: loadKnownFailures(),
  reportFile: ".reports/conformance/tfjs-cpu.json",
});
