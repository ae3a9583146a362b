import { createBackend } from "@losses/js";
import { loadKnownFailures } from "../../src/index.js";
import { testBackend } from "../../src/vitest.js";

for (const engine of ["scalar", "wasm"] as const) {
  await testBackend(() => createBackend({ engine }), {
    id: `js:${engine}`,
    atMost: 6,
    knownFailures: loadKnownFailures(),
    reportFile: `.reports/conformance/js-${engine}.json`,
  });
}
