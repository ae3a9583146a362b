import {
  barlowTwinsLoss,
  binaryCrossEntropyWithLogits,
  clipLoss,
  crossEntropy,
  ctcLoss,
  klDiv,
  listMleLoss,
  smoothL1Loss,
  tripletMarginLoss,
  vseLoss,
  type LossInputs,
  type LossSpec,
} from "@losses/core";
import { drawInputs } from "@losses/conformance";
import { testBackend } from "@losses/conformance/vitest";
import { createBackend, type JsTensor } from "@losses/js";
import { describe, expect, it } from "vitest";
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

/** Losses of every kind of stage, of sizes that threads share out: loops, sums over rows and over columns, products, ops of JavaScript, recursions. */
const shared: readonly (readonly [LossSpec<LossInputs>, Readonly<Record<string, readonly number[]>>])[] = [
  [crossEntropy() as LossSpec<LossInputs>, { input: [4096, 100], target: [4096] }],
  [binaryCrossEntropyWithLogits() as LossSpec<LossInputs>, { input: [1000, 501], target: [1000, 501] }],
  [smoothL1Loss({ reduction: "none" }) as LossSpec<LossInputs>, { input: [700, 701], target: [700, 701] }],
  [tripletMarginLoss() as LossSpec<LossInputs>, { anchor: [3001, 130], positive: [3001, 130], negative: [3001, 130] }],
  [klDiv({ logTarget: true }) as LossSpec<LossInputs>, { input: [2000, 300], target: [2000, 300] }],
  [clipLoss() as LossSpec<LossInputs>, { image: [257, 129], text: [257, 129], logitScale: [] }],
  [vseLoss() as LossSpec<LossInputs>, { image: [257, 129], text: [257, 129] }],
  [barlowTwinsLoss() as LossSpec<LossInputs>, { viewA: [400, 200], viewB: [400, 200] }],
  [
    ctcLoss() as LossSpec<LossInputs>,
    { logProbs: [40, 64, 500], targets: [64, 10], inputLengths: [64], targetLengths: [64] },
  ],
  [listMleLoss() as LossSpec<LossInputs>, { scores: [500, 1000], labels: [500, 1000] }],
];

interface Result {
  readonly value: JsTensor;
  readonly grads: Readonly<Record<string, unknown>>;
}

function tensorsOf({ value, grads }: Result): readonly ArrayLike<number>[] {
  return [value, ...Object.values(grads)].map((tensor) => (tensor as JsTensor).data);
}

/** How far numbers are from others at most, as a share of the largest of those; infinite where one is not there. */
function farthest(found: ArrayLike<number>, others: ArrayLike<number>): number {
  let [distance, largest] = [found.length === others.length ? 0 : Infinity, Number.MIN_VALUE];
  for (let i = 0; i < others.length; i++) {
    const [x = NaN, y = NaN] = [found[i], others[i]];
    if (Number.isFinite(y)) largest = Math.max(largest, Math.abs(y));
    if (!Object.is(x, y)) distance = Math.max(distance, Number.isNaN(x - y) ? Infinity : Math.abs(x - y));
  }
  return distance / largest;
}

describe("js:wasm with threads, in a page that is isolated", () => {
  it.each(shared.map(([spec, shapes]) => ({ name: spec.name, spec, shapes })))(
    "$name: the threads answer later, this one at once, and both say the same",
    async ({ spec, shapes }) => {
      expect(globalThis.crossOriginIsolated).toBe(true);
      const [one, two] = [await createBackend({ engine: "wasm" }), await createBackend({ engine: "wasm", threads: 2 })];
      const feeds = Object.fromEntries(
        drawInputs(spec, shapes).map(({ name, data, shape, dtype }) => [name, { data, shape, dtype }]),
      );
      const wanted = one.compileSync(spec).valueAndGradSync(feeds);
      const loss = two.compileSync(spec);
      const now = loss.valueAndGradSync(feeds);
      for (const later of await Promise.all([loss.valueAndGrad(feeds), loss.valueAndGrad(feeds)])) {
        tensorsOf(later).forEach((found, i) => {
          expect(farthest(found, tensorsOf(now)[i] ?? [])).toBe(0);
          expect(farthest(found, tensorsOf(wanted)[i] ?? [])).toBeLessThan(1e-5);
        });
      }
      await Promise.all([one.dispose(), two.dispose()]);
    },
  );

  it("computes what is small at once", async () => {
    const backend = await createBackend({ engine: "wasm", threads: 2 });
    const loss = await backend.compile(tripletMarginLoss());
    const small = await loss.value({ anchor: [[1, 2]], positive: [[1, 2]], negative: [[1, 4]] });
    expect(small.data[0]).toBe(0);
    await backend.dispose();
  });
});
