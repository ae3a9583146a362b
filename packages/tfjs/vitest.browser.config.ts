import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { findChromium, softwareFlags } from "../../tooling/chromium.mjs";

const executablePath = findChromium();
if (executablePath === undefined) {
  throw new Error(
    "browser tests: Chromium must be installed, got none. Name it with LOSSES_CHROMIUM=/path/to/chromium.",
  );
}

export default defineConfig({
  optimizeDeps: {
    include: ["@tensorflow/tfjs-backend-webgl", "@tensorflow/tfjs-backend-webgpu", "@tensorflow/tfjs-core"],
  },
  test: {
    include: ["browser/**/*.test.ts"],
    testTimeout: 120_000,
    fileParallelism: false,
    reporters: ["default", "json"],
    outputFile: { json: ".reports/browser.json" },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath, args: softwareFlags } }),
      instances: [{ browser: "chromium" }],
    },
  },
});
