import { describe, expect, it } from "vitest";
import { crossEntropy, defineSyncBackend, InputError, nllLoss, type LossSpec } from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());
const input = [
  [0, 1],
  [0, 0],
];
const value = (spec: LossSpec, feeds: Readonly<Record<string, unknown>>): number =>
  backend.compileSync(spec).valueSync(feeds as never).data[0] ?? 0;

describe("the mean of a smoothed crossEntropy whose weights sum to 0", () => {
  it("is NaN, as PyTorch's, which divides both parts by 0", () => {
    const feeds = { input: [[0, 0]], target: Int32Array.of(0), weight: [0, 1] };
    expect(value(crossEntropy({ labelSmoothing: 0.5 }), feeds)).toBeNaN();
    // (½ · 0 + ½ · ½ · log 2)
    expect(value(crossEntropy({ labelSmoothing: 0.5, reduction: "sum" }), feeds)).toBeCloseTo(0.17328679513998632, 15);
  });
});

describe("an ignoreIndex of more than 32 bits", () => {
  const ignoreIndex = 2 ** 40;
  const labels = (...values: bigint[]): BigInt64Array => BigInt64Array.from(values);

  it.each<[string, (target: unknown) => unknown]>([
    ["an int64 array", (target) => target],
    ["a list", (target) => Array.from(target as BigInt64Array, Number)],
    ["an int64 array with a shape", (data) => ({ data, shape: [2] })],
  ])("is found in %s", (_, make) => {
    const target = make(labels(0n, 2n ** 40n));
    // torch.nn.functional.cross_entropy and nll_loss
    expect(value(crossEntropy({ ignoreIndex }), { input, target })).toBeCloseTo(1.3132616875182228, 12);
    expect(value(nllLoss({ ignoreIndex, reduction: "sum" }), { input, target })).toBeCloseTo(0, 12);
  });

  it("lets no other number outside the classes pass, its stand-in in the graph least of all", () => {
    for (const other of [-(2n ** 31n), -100n, 2n, 2n ** 41n, -(2n ** 40n)]) {
      expect(() => value(crossEntropy({ ignoreIndex }), { input, target: labels(0n, other) })).toThrow(InputError);
    }
    const target = Int32Array.of(0, -(2 ** 31));
    expect(() => value(crossEntropy({ ignoreIndex }), { input, target })).toThrow(
      "target must hold class indices in [0, 1] (C = 2), or ignoreIndex = 1099511627776, got -2147483648 at position 1.",
    );
    expect(() => value(crossEntropy({ ignoreIndex }), { input, target: backend.tensor(target) })).toThrow(InputError);
  });
});
