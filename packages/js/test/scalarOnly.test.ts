import { crossEntropy, OptionError } from "@losses/core";
import { expect, it } from "vitest";
import { createBackend, createBackendSync } from "../src/scalarOnly.js";

// -(log 0.665241 + log 0.843795) / 2, the shares of softmax(2, 1, 0) and softmax(0, 3, 1).
it("js/scalar computes as js:scalar", async () => {
  const backend = await createBackend();
  expect(backend.id).toBe("js:scalar");
  const feeds = { input: [[2, 1, 0], [0, 3, 1]], target: Int32Array.of(0, 1) }; // prettier-ignore
  const { value, grads } = (await backend.compile(crossEntropy())).valueAndGradSync(feeds);
  expect(value.data[0]).toBeCloseTo(0.288726, 5);
  expect(grads.input?.data[0]).toBeCloseTo(-0.16738, 5);
  expect(createBackendSync().compileSync(crossEntropy()).valueSync(feeds).data[0]).toBeCloseTo(0.288726, 5);
});

it("js/scalar has no other engine to choose", async () => {
  const choose = createBackend as (options: object) => Promise<unknown>;
  await expect(choose({ engine: "wasm" })).rejects.toThrow(OptionError);
});
