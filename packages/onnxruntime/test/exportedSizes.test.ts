import { clipLoss, ssimLoss, type LossSpec, type Tensor } from "@losses/core";
import { exportGraph, exportLoss, type ExportLossOptions } from "@losses/onnx";
import ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { createBackend } from "../src/index.js";
import { trace } from "./traced.js";

const numbers = (seed: number, ...dims: readonly number[]): ort.Tensor => {
  const size = dims.reduce((product, dim) => product * dim, 1);
  return new ort.Tensor(
    "float32",
    Float32Array.from({ length: size }, (_, i) => Math.sin(i + seed) ** 2),
    dims,
  );
};

async function valueOf(model: Uint8Array, feeds: Readonly<Record<string, ort.Tensor>>): Promise<readonly number[]> {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const { value } = await session.run(feeds);
  await session.release();
  return Array.from((value?.data ?? []) as Float32Array);
}

const providers = ["any", "cpu"] as const;

describe("sizes that leave no room for a slice make an exported loss NaN", () => {
  const pictures = (side: number): Readonly<Record<string, ort.Tensor>> => ({
    input: numbers(1, 1, 1, side, side),
    target: numbers(2, 1, 1, side, side),
  });
  const texts = (n: number, m: number): Readonly<Record<string, ort.Tensor>> => ({
    image: numbers(1, n, 4),
    text: numbers(2, m, 4),
    logitScale: numbers(3),
  });
  const axes: ExportLossOptions = { shapes: { image: ["N", "D"], text: ["M", "D"] } };

  it.each<
    [string, LossSpec, ExportLossOptions, Readonly<Record<string, ort.Tensor>>, Readonly<Record<string, ort.Tensor>>]
  >([
    ["ssimLoss of pictures smaller than its window", ssimLoss(), {}, pictures(11), pictures(5)],
    ["ssimLoss without reduction", ssimLoss({ reduction: "none" }), {}, pictures(12), pictures(5)],
    ["clipLoss of fewer texts than images", clipLoss(), axes, texts(3, 5), texts(3, 1)],
  ])("%s", async (_, spec, options, large, small) => {
    const backend = await createBackend({ device: "cpu" });
    const loss = await backend.compile(spec);
    const { data } = await backend.read(await loss.value(large));
    await expect(loss.value(small)).rejects.toThrow(spec.name);
    for (const provider of providers) {
      const model = exportLoss(spec, { provider, ...options });
      const found = await valueOf(model, large);
      expect(found).toHaveLength(data.length);
      found.forEach((x, i) => expect(x).toBeCloseTo(Number(data[i]), 5));
      expect(await valueOf(model, small)).toEqual([NaN]);
    }
    await backend.dispose();
  });

  it("in either direction, of any start and step", async () => {
    const windows = trace({ x: { shape: ["N"] }, y: { shape: ["M"] } }, ({ x, y }) => {
      const [a, b] = [x as Tensor, y as Tensor];
      return a
        .slice(0, "M", 2, 2)
        .sum()
        .add(a.slice(0, "N-1", "M", -1).sum())
        .add(b.sum());
    });
    for (const provider of providers) {
      const model = exportGraph(windows, { provider });
      const at = (n: number, m: number): Promise<readonly number[]> =>
        valueOf(model, {
          x: new ort.Tensor(
            "float32",
            Float32Array.from({ length: n }, (_, i) => i + 1),
            [n],
          ),
          y: new ort.Tensor("float32", new Float32Array(m), [m]),
        });
      // x₃ + x₅, and the last two.
      expect(await at(5, 2)).toEqual([3 + 5 + 5 + 4]);
      expect(await at(5, 0)).toEqual([1 + 3]);
      expect(await at(4, 2)).toEqual([NaN]);
      expect(await at(2, 0)).toEqual([NaN]);
    }
  });
});
