import { crossEntropy, tripletMarginLoss } from "@losses/core";
import { testBackend } from "@losses/conformance/vitest";
import { createBackend } from "@losses/js";
import { expect, it } from "vitest";
import knownFailures from "../known-failures.json";
import { casesAtMost, fixtures } from "./fixtures.js";

for (const engine of ["wasm", "scalar"] as const) {
  await testBackend(() => createBackend({ engine }), {
    id: `js:${engine}`,
    fixtures,
    atMost: casesAtMost(3),
    knownFailures,
  });
}

it("js:wasm with threads, in a page that is isolated: the threads answer later, this one at once, and both say the same", async () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  const [one, two] = [await createBackend({ engine: "wasm" }), await createBackend({ engine: "wasm", threads: 2 })];
  const data = Float32Array.from({ length: 4096 * 100 }, (_, i) => Math.sin(i) * 3);
  const feeds = { input: { data, shape: [4096, 100] }, target: Int32Array.from({ length: 4096 }, (_, i) => i % 100) };
  const wanted = one.compileSync(crossEntropy()).valueAndGradSync(feeds);
  const loss = two.compileSync(crossEntropy());
  const now = loss.valueAndGradSync(feeds);
  const later = await Promise.all([loss.valueAndGrad(feeds), loss.valueAndGrad(feeds)]);
  for (const { value, grads } of later) {
    expect(value.data).toEqual(now.value.data);
    expect(grads.input?.data.every((slope, i) => slope === wanted.grads.input?.data[i])).toBe(true);
    expect(value.data[0]).toBeCloseTo(wanted.value.data[0] ?? NaN, 5);
  }
  // What is small is computed at once.
  const small = await (
    await two.compile(tripletMarginLoss())
  ).value({ anchor: [[1, 2]], positive: [[1, 2]], negative: [[1, 4]] });
  expect(small.data[0]).toBe(0);
  await Promise.all([one.dispose(), two.dispose()]);
});
