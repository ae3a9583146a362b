import { createBackend } from "@losses/js";
import { loadKnownFailures } from "../../src/index.js";
import { testBackend } from "../../src/vitest.js";

await testBackend(() => createBackend({ engine: "scalar" }), {
  id: "js:scalar",
  knownFailures: loadKnownFailures(),
  reportFile: ".reports/conformance/js-scalar.json",
});
