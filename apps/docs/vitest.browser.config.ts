import { defineConfig } from "vitest/config";

// The built site in a real Chromium, one file after the other: software devices take all the processors there are.
export default defineConfig({
  test: {
    include: ["browser/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", "json"],
    outputFile: { json: ".reports/browser.json" },
  },
});
