import { defineConfig } from "vitest/config";
import { findChromium, softwareFlags } from "../../tooling/chromium.mjs";

const chromium = findChromium();
if (chromium === undefined) {
  throw new Error(
    "browser tests: Chromium must be installed, got none. Name it with LOSSES_CHROMIUM=/path/to/chromium.",
  );
}

// The built site in a real Chromium, one file after the other: software devices take all the processors there are.
export default defineConfig({
  test: {
    include: ["browser/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: { LOSSES_CHROMIUM: chromium, LOSSES_CHROMIUM_FLAGS: softwareFlags.join(" ") },
    reporters: ["default", "json"],
    outputFile: { json: ".reports/browser.json" },
  },
});
