import process from "node:process";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { findChromium, softwareFlags } from "../../tooling/chromium.mjs";

const executablePath = findChromium();
if (executablePath === undefined) {
  throw new Error(
    "browser tests: Chromium must be installed, got none. Name it with LOSSES_CHROMIUM=/path/to/chromium.",
  );
}

// One file after the other: software devices take all the processors there are.
export default defineConfig({
  optimizeDeps: {
    include: [
      "@bufbuild/protobuf",
      "@bufbuild/protobuf/codegenv2",
      "@tensorflow/tfjs-backend-wasm",
      "@tensorflow/tfjs-backend-webgl",
      "@tensorflow/tfjs-backend-webgpu",
      "@tensorflow/tfjs-core",
      "onnxruntime-web/webgpu",
    ],
  },
  // With them a page may share memory between threads, and TensorFlow.js takes its build with threads; Node.js tests the other.
  server: {
    headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
  },
  test: {
    include: ["browser/**/*.test.ts"],
    env: { LOSSES_CASES: process.env["LOSSES_CASES"] ?? "" },
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
