import { crossEntropy, defineLoss, float, reduction, type LossSpec, type Tensor } from "@losses/core";
import { exportLoss } from "@losses/onnx";
import ort from "onnxruntime-node";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createBackend } from "../src/index.js";
import { testDevice } from "./device.js";

vi.setConfig({ testTimeout: 60_000 });

type Backend = Awaited<ReturnType<typeof createBackend>>;
let backend: Backend;

beforeAll(async () => {
  backend = await createBackend({ device: testDevice });
});

afterAll(async () => {
  await backend.dispose();
});

function sumOver(shape: readonly string[], axes: readonly number[]): LossSpec {
  return defineLoss({
    name: "total",
    summary: "A sum.",
    formula: "sum(x)",
    inputs: { x: float(shape, "Terms.") },
    options: { reduction: reduction("none") },
    value: ({ x }: { readonly x: Tensor }) => x.sum(axes),
  })();
}

/** The sums of a tensor that is the same along the summed axes, by the backend and by an exported file that knows no sizes. */
async function sums(
  spec: LossSpec,
  x: { readonly data: Float32Array; readonly shape: readonly number[] },
): Promise<readonly ArrayLike<number>[]> {
  const loss = await backend.compile(spec);
  const own = await backend.read(await loss.value({ x }));
  if (testDevice !== "cpu") return [own.data];
  const session = await ort.InferenceSession.create(exportLoss(spec));
  const { value } = await session.run({ x: new ort.Tensor("float32", x.data, x.shape) });
  await session.release();
  return [own.data, value?.data as Float32Array];
}

// Of like terms every rounding has the same sign; 1.7 is among the worst.
const terms = [0.1, 1 / 3, 1.7];

const cases: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ["whole tensors", [1000], [0]],
  ["whole tensors", [32_768], [0]],
  ["whole tensors", [99_991], [0]],
  ["whole tensors", [1_000_000], [0]],
  ["whole tensors", [311, 1009], [0, 1]],
  ["rows", [3, 521], [1]],
  ["rows", [4, 1000], [1]],
  ["rows", [2, 32_768], [1]],
  ["rows", [2, 50_257], [1]],
  ["rows", [1, 100_000], [1]],
  ["rows", [1, 1_000_000], [1]],
  ["columns", [100, 3], [0]],
  ["columns", [997, 3], [0]],
  ["columns", [65_536, 2], [0]],
  ["columns", [1_000_000, 1], [0]],
  ["an axis between others", [3, 1000, 5], [1]],
  ["an axis between others", [2, 50_257, 2], [1]],
  ["axes apart from each other", [1000, 3, 1000], [0, 2]],
  ["axes apart from each other", [65, 4, 70], [0, 2]],
];

it.each(cases)("sums over %s keep their digits: of %j the axes %j", async (_, shape, axes) => {
  const count = axes.reduce((product, axis) => product * (shape[axis] ?? 1), 1);
  const spec = sumOver(
    shape.map((__, axis) => `A${axis}`),
    axes,
  );
  for (const term of terms) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(term);
    const wanted = Math.fround(term) * count;
    for (const got of await sums(spec, { data, shape })) {
      expect(got.length).toBe(data.length / count);
      for (const total of Array.from(got)) expect(Math.abs(total - wanted) / wanted).toBeLessThan(1e-6);
    }
  }
});

it("a sum over a long axis beside an empty one is empty, and over an empty one 0", async () => {
  for (const [shape, wanted] of [
    [[0, 1000], []],
    [
      [2, 0],
      [0, 0],
    ],
  ] as const) {
    const found = await sums(sumOver(["N", "C"], [1]), { data: new Float32Array(0), shape });
    for (const got of found) expect(Array.from(got)).toEqual(wanted);
  }
  const found = await sums(sumOver(["N", "C"], [0]), { data: new Float32Array(0), shape: [1000, 0] });
  for (const got of found) expect(got).toHaveLength(0);
});

it("NaN and infinities in one row of many are in its sum alone", async () => {
  const data = new Float32Array(4 * 1000).fill(1);
  data[500] = NaN;
  data[1500] = Infinity;
  data[2999] = -Infinity;
  for (const got of await sums(sumOver(["N", "C"], [1]), { data, shape: [4, 1000] })) {
    expect(Array.from(got)).toEqual([NaN, Infinity, -Infinity, 1000]);
  }
});

it("cross entropy with probabilities over 100,000 classes is right to 1e-6", async () => {
  const [N, C] = [2, 100_000];
  const input = Float32Array.from({ length: N * C }, (_, i) => Math.sin(i * 12.9898) * 3);
  const target = new Float32Array(N * C).fill(1 / C);
  let wanted = 0;
  const mass = Math.fround(1 / C);
  for (let n = 0; n < N; n++) {
    const row = input.subarray(n * C, (n + 1) * C);
    const log = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
    wanted += row.reduce((sum, x) => sum + mass * (log - x), 0) / N;
  }
  const loss = await backend.compile(crossEntropy());
  const { value, grads } = await loss.valueAndGrad({
    input: { data: input, shape: [N, C] },
    target: { data: target, shape: [N, C] },
  });
  const got = (await backend.read(value)).data[0] ?? NaN;
  expect(Math.abs(got - wanted) / wanted).toBeLessThan(1e-6);
  // The gradient towards a target is its cost.
  const cost = (await backend.read(grads.target ?? value)).data;
  const log = Math.log(input.subarray(0, C).reduce((sum, x) => sum + Math.exp(x), 0));
  expect(Math.abs((cost[0] ?? NaN) - log / N) / (log / N)).toBeLessThan(1e-6);
});

it.each([4_000_000, 4_194_304, 3_999_971])("the mean over %d elements is right to 1e-6", async (n) => {
  const data = Float32Array.from({ length: n }, (_, i) => (((i * 2654435761) >>> 0) / 2 ** 32) * 4 - 2);
  const mean = defineLoss({
    name: "meanSquare",
    summary: "The mean of squares.",
    formula: "mean(x²)",
    inputs: { x: float(["N"], "Numbers.") },
    options: { reduction: reduction("mean") },
    value: ({ x }) => x.square(),
  });
  const loss = await backend.compile(mean());
  const got = (await backend.read(await loss.value({ x: data }))).data[0] ?? NaN;
  const wanted = data.reduce((sum, x) => sum + x * x, 0) / n;
  expect(Math.abs(got - wanted) / wanted).toBeLessThan(1e-6);
});
