import { createBackend } from "@losses/tfjs";
import { loadKnownFailures } from "../../src/index.js";
import { testBackend } from "../../src/vitest.js";

await testBackend(() => createBackend({ device: "cpu" }), {
  id: "tfjs:cpu",
  atMost: 4,
  knownFailures: loadKnownFailures(),
  reportFile: ".reports/conformance/tfjs-cpu.json",
});
