import { mergeConfig } from "vitest/config";
import { packageTests } from "../vitest.mjs";

// One file after the other, and long: each installs, bundles and starts what its users do.
export default mergeConfig(packageTests(), {
  test: { fileParallelism: false, testTimeout: 600_000, hookTimeout: 600_000 },
});
