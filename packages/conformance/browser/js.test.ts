import { testBackend } from "@losses/conformance/vitest";
import { createBackend } from "@losses/js";
import knownFailures from "../known-failures.json";
import { fixtures } from "./fixtures.js";

for (const engine of ["wasm", "scalar"] as const) {
  await testBackend(() => createBackend({ engine }), { id: `js:${engine}`, fixtures, atMost: 3, knownFailures });
}
