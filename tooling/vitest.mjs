import { defineConfig } from "vitest/config";
import { findChromium, softwareFlags } from "./chromium.mjs";

/**
 * The test settings of every package: results on the screen, and as JSON for sumReports.mjs.
 * @param {{ include?: string[], report?: string }} [own]
 */
export function packageTests({ include = ["test/**/*.test.{ts,mjs}", "src/**/*.test.ts"], report = "vitest" } = {}) {
  return defineConfig({
    test: {
      include,
      // Built code runs as Node.js runs it: vite would make every import of it a lookup.
      server: { deps: { external: [/\/(packages|apps)\/[^/]+\/dist\//] } },
      // A slow or busy machine is not a failure; what hangs still ends.
      testTimeout: 60_000,
      reporters: ["default", "json"],
      outputFile: { json: `.reports/${report}.json` },
    },
  });
}

/** The settings of tests that drive Chromium themselves, one file after the other: software devices take all the processors there are. */
export function pageTests() {
  const chromium = findChromium();
  if (chromium === undefined) {
    throw new Error(
      "browser tests: Chromium must be installed, got none. Name it with LOSSES_CHROMIUM=/path/to/chromium.",
    );
  }
  return defineConfig({
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
}
