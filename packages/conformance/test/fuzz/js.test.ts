import { createBackend } from "@losses/js";
import { fuzzBackend } from "../../src/vitest.js";

for (const [i, engine] of (["scalar", "wasm"] as const).entries()) {
  await fuzzBackend(() => createBackend({ engine }), { id: `js:${engine}`, seed: 1001 + 1000 * i });
}
