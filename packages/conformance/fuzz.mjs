#!/usr/bin/env node
// Random programs on our backends, as many as one likes: npm run fuzz -- --seed 1 --count 2000 --backend js:wasm,onnx
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "1000" },
    backend: { type: "string" },
  },
});
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", "test/fuzz", "--exclude", "**/fuzz.test.ts"], {
  cwd: fileURLToPath(new URL(".", import.meta.url)),
  stdio: "inherit",
  env: {
    ...process.env,
    LOSSES_FUZZ_SEED: values.seed,
    LOSSES_FUZZ_COUNT: values.count,
    ...(values.backend === undefined ? {} : { LOSSES_BACKENDS: values.backend }),
  },
});
process.exitCode = status ?? 1;
