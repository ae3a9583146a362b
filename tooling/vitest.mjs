import { defineConfig } from "vitest/config";

/**
 * The test settings of every package: results on the screen, and as JSON for sumReports.mjs.
 * @param {{ include?: string[], report?: string }} [own]
 */
export function packageTests({ include = ["test/**/*.test.{ts,mjs}", "src/**/*.test.ts"], report = "vitest" } = {}) {
  return defineConfig({
    test: {
      include,
      // A slow or busy machine is not a failure; what hangs still ends.
      testTimeout: 60_000,
      reporters: ["default", "json"],
      outputFile: { json: `.reports/${report}.json` },
    },
  });
}
