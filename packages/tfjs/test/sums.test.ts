import { defineSyncBackend, defineLoss, float, reduction, type Tensor } from "@losses/core";
import { beforeAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/tfjsEngine.js";
import { devices, startEngines, tf } from "./support/engines.js";

beforeAll(startEngines);

const ways = [
  ...devices.map((device) => ({ device, code: "kernels" as const })),
  { device: "wasm", code: "own" as const },
];

/** How far a function of a matrix is from what it should be, at most, as a ratio. */
type Measure = (value: (x: Tensor) => Tensor, want: ArrayLike<number>) => number;

function measure({ device, code }: (typeof ways)[number], data: Float32Array, shape: readonly number[]): Measure {
  const backend = defineSyncBackend(createEngine(tf, device, "now", code));
  return (value, want) => {
    const loss = defineLoss({
      name: "underTest",
      summary: "A sum.",
      formula: "f",
      inputs: { x: float(["N", "D"], "x") },
      options: { reduction: reduction("none") },
      value: ({ x }) => value(x),
    });
    const result = backend.compileSync(loss()).valueSync({ x: { data, shape } });
    const got = result.dataSync();
    result.dispose();
    return Array.from(want).reduce((most, x, i) => Math.max(most, Math.abs((got[i] ?? Number.NaN) / x - 1)), 0);
  };
}

describe.each(ways)("sums on $device, $code", (way) => {
  const shapes = [[40_003, 1], [1, 100_003], [3, 40_003], [40_003, 3], [300, 301]]; // prettier-ignore

  it.each(shapes)("of [%i, %i] are right to 1e-6: all, along rows, along columns", (n, d) => {
    const noise = Float32Array.from({ length: n * d }, (_, i) => 2.1 + Math.sin(12.9898 * i));
    for (const data of [noise, noise.map(() => 0.1)]) {
      const [all, rows, columns] = [new Float64Array(1), new Float64Array(n), new Float64Array(d)];
      const exponentials = new Float64Array(n);
      const largest = new Float64Array(n).fill(-Infinity);
      const add = (sums: Float64Array, at: number, x: number): void => {
        sums[at] = (sums[at] ?? 0) + x;
      };
      data.forEach((x, i) => {
        const row = Math.floor(i / d);
        add(all, 0, x);
        add(rows, row, x);
        add(columns, i % d, x);
        add(exponentials, row, Math.exp(x));
        largest[row] = Math.max(largest[row] ?? 0, x);
      });
      const far = measure(way, data, [n, d]);
      expect(far((x) => x.sum(), all)).toBeLessThan(1e-6);
      expect(far((x) => x.mean(), [(all[0] ?? 0) / data.length])).toBeLessThan(1e-6); // prettier-ignore
      expect(far((x) => x.sum(1), rows)).toBeLessThan(1e-6);
      expect(far((x) => x.sum(0), columns)).toBeLessThan(1e-6);
      // The largest share of a softmax is eᵐ / Σ eˣ.
      const shares = exponentials.map((sum, row) => Math.exp(largest[row] ?? 0) / sum);
      expect(far((x) => x.softmax(1).amax(1), shares)).toBeLessThan(1e-6);
      expect(far((x) => x.logSumExp(1), exponentials.map(Math.log))).toBeLessThan(1e-6);
    }
  });
});
