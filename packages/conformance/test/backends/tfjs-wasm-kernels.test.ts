import { wganGeneratorLoss } from "@losses/core";
import { createBackend } from "@losses/tfjs";
import { expect, it, vi } from "vitest";
import { loadKnownFailures } from "../../src/index.js";
import { testBackend } from "../../src/vitest.js";

// A platform without SIMD, where losses are calls of TensorFlow.js's kernels.
const wasm = Reflect.get(globalThis, "WebAssembly") as { readonly validate: (bytes: Uint8Array) => boolean };
vi.spyOn(wasm, "validate").mockReturnValue(false);

await testBackend(() => createBackend({ device: "wasm" }), {
  id: "tfjs:wasm",
  atMost: 2,
  knownFailures: loadKnownFailures(),
});

it("tfjs:wasm computes with kernels here, which give new tensors", async () => {
  const backend = await createBackend({ device: "wasm" });
  const loss = backend.compileSync(wganGeneratorLoss());
  const out = backend.tensor({ data: Float32Array.of(0), shape: [] });
  expect(() => loss.valueSync({ fake: [1, 2] }, { out })).toThrow(/always new tensors/);
  backend.release(out);
});
