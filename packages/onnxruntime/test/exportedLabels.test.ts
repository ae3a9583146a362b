import {
  cmpcLoss,
  crossEntropy,
  defineLoss,
  float as floats,
  labels,
  nllLoss,
  reduction,
  type LossSpec,
  type Tensor,
} from "@losses/core";
import { attachLoss, exportGraph, exportLoss, type ExportLossOptions } from "@losses/onnx";
import ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { trace } from "./traced.js";

type Tensors = Readonly<Record<string, ort.Tensor>>;

const float = (data: readonly number[], dims: readonly number[]): ort.Tensor =>
  new ort.Tensor("float32", Float32Array.from(data), dims);
const int32 = (...data: readonly number[]): ort.Tensor => new ort.Tensor("int32", Int32Array.from(data), [data.length]);
const int64 = (...data: readonly bigint[]): ort.Tensor =>
  new ort.Tensor("int64", BigInt64Array.from(data), [data.length]);

/** What a model gives for each of several feeds. */
async function run(
  model: Uint8Array,
  ...feeds: readonly Tensors[]
): Promise<readonly Readonly<Record<string, readonly number[]>>[]> {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  const results = await Promise.all(feeds.map((given) => session.run(given)));
  await session.release();
  return results.map((result) =>
    Object.fromEntries(
      Object.entries(result).map(([name, { data }]) => [name, Array.from(data as ArrayLike<number>, Number)]),
    ),
  );
}

const logits = float([0, 1, 2, 3, 4, 5], [2, 3]);
const pairs = { image: float([0, 1, 2, 3], [2, 2]), text: float([1, 0, 3, 2], [2, 2]) };
const weight = float([1, 2, 3, 4, 5, 6], [2, 3]);

const losses: readonly {
  readonly spec: LossSpec;
  readonly labels: string;
  readonly feeds: Tensors;
  readonly ignores?: boolean;
}[] = [
  { spec: crossEntropy(), labels: "target", feeds: { input: logits }, ignores: true },
  { spec: crossEntropy({ reduction: "none" }), labels: "target", feeds: { input: logits }, ignores: true },
  { spec: crossEntropy({ labelSmoothing: 0.1 }), labels: "target", feeds: { input: logits }, ignores: true },
  { spec: nllLoss({ reduction: "sum" }), labels: "target", feeds: { input: logits }, ignores: true },
  { spec: cmpcLoss(), labels: "labels", feeds: { ...pairs, weight } },
];

const forms: readonly ExportLossOptions[] = [
  { provider: "any" },
  { provider: "cpu" },
  { provider: "any", gradients: true },
  { provider: "cpu", gradients: true },
];

describe("a class index that is none makes every output of an exported loss NaN", () => {
  for (const { spec, labels, feeds, ignores = false } of losses) {
    it(`${spec.name} ${JSON.stringify(spec.options)}`, async () => {
      for (const form of forms) {
        const model = exportLoss(spec, form);
        const wide = exportLoss(spec, { ...form, inputs: { [labels]: { dtype: "int64" } } });
        const numbers = async (file: Uint8Array, ...each: readonly ort.Tensor[]): Promise<readonly number[]> => {
          const results = await run(file, ...each.map((given) => ({ ...feeds, [labels]: given })));
          return results.flatMap((result) => Object.values(result).flat());
        };
        const wrong = await numbers(model, int32(0, 3), int32(-1, 2), int32(0, 2 ** 31 - 1));
        // Cast to 32 bits two of these would be 1.
        const far = await numbers(wide, int64(0n, 3n), int64(0n, 2n ** 32n + 1n), int64(1n - 2n ** 32n, 0n));
        expect(wrong.length).toBeGreaterThan(0);
        for (const x of [...wrong, ...far]) expect(x).toBeNaN();
        expect(await numbers(model, int32(0, 2), int32(ignores ? -100 : 0, 2))).not.toContain(NaN);
        expect(await numbers(wide, int64(0n, 2n), int64(ignores ? -100n : 0n, 2n))).not.toContain(NaN);
      }
    });
  }

  it("also where the axes have names and sizes of their own", async () => {
    for (const classes of [3, "classes"]) {
      const model = exportLoss(crossEntropy(), { shapes: { input: ["batch", classes] } });
      const found = await run(model, { input: logits, target: int32(0, 3) }, { input: logits, target: int32(0, 2) });
      expect(found.map((results) => Number.isNaN(results["value"]?.[0]))).toEqual([true, false]);
    }
  });

  it("where what they are held against is computed, or another input", async () => {
    const spec = defineLoss({
      name: "bounded",
      summary: "A sum of places.",
      formula: "Σ",
      inputs: {
        x: floats(["N", "C"]),
        pairs: labels(["N"], { below: "2*C" }),
        last: labels(["N"], { from: 1, atMost: 7 }),
        first: labels(["N"], { from: -2, below: { input: "last" } }),
      },
      options: { reduction: reduction("sum") },
      value: ({ x, pairs: a, first, last }) => x.sum(1).mul(a.add(first).add(last).cast(x.dtype)),
    })();
    const given = (first: readonly number[], last: readonly number[], pairs: readonly number[]): Tensors => ({
      x: logits,
      first: int32(...first),
      last: int32(...last),
      pairs: int32(...pairs),
    });
    const right = given([-2, 6], [1, 7], [5, 0]);
    const wrong = [
      given([1, 6], [1, 7], [5, 0]),
      given([-3, 6], [1, 7], [5, 0]),
      given([-2, 6], [1, 8], [5, 0]),
      given([-2, 6], [0, 7], [5, 0]),
      given([-2, 6], [1, 7], [6, 0]),
      given([-2, 6], [1, 7], [5, -1]),
    ];
    for (const form of forms) {
      const [good, ...bad] = await run(exportLoss(spec, form), right, ...wrong);
      // 3 · (5 - 2 + 1) + 12 · (0 + 6 + 7)
      expect(good?.["value"]).toEqual([168]);
      for (const x of bad.flatMap((results) => Object.values(results).flat())) expect(x).toBeNaN();
    }
  });

  it("and of a loss in float16, and of one attached to a model", async () => {
    const half = new ort.Tensor("float16", new Uint16Array(6), [2, 3]);
    const model = exportLoss(crossEntropy(), { dtype: "float16", gradients: true });
    const [found = {}] = await run(model, { input: half, target: int32(0, 3) });
    for (const bits of Object.values(found).flat()) expect([0x7e00, 0xfe00, NaN]).toContain(bits);

    const same = trace({ x: { shape: ["N", "C"] } }, ({ x }) => (x as Tensor).neg());
    const outer = exportGraph({ ...same, outputs: same.outputs.map(({ node }) => ({ name: "logits", node })) });
    const attached = attachLoss(outer, crossEntropy(), { mapping: { input: "logits" }, gradients: true });
    const [{ logits: own, ...rest } = {}] = await run(attached, { x: logits, target: int32(0, 3) });
    expect(own).toEqual([-0, -1, -2, -3, -4, -5]);
    for (const x of Object.values(rest).flat()) expect(x).toBeNaN();
  });
});
