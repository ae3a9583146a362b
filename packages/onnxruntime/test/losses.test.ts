import {
  bindInputs,
  clipLoss,
  crossEntropy,
  defineLoss,
  float,
  positive,
  reduction,
  traceLoss,
  tripletMarginLoss,
  vseLoss,
  type Loss,
  type LossSpec,
  type Reduction,
} from "@losses/core";
import ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createBackend } from "../src/index.js";
import { evaluate } from "./check.js";
import { testDevice } from "./device.js";

type Backend = Awaited<ReturnType<typeof createBackend>>;
let backend: Backend;

beforeAll(async () => {
  backend = await createBackend({ device: testDevice });
});

afterAll(async () => {
  await backend.dispose();
});

const wave = (length: number, seed = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin((i + seed) * 12.9898) * 2);

interface HuberOptions {
  readonly beta: number;
  readonly reduction: Reduction;
}

const huber: Loss<HuberOptions, { readonly input: "float"; readonly target: "float" }> = defineLoss({
  name: "huber",
  summary: "Quadratic near zero, linear beyond beta.",
  formula: "d²/2β or |d| - β/2",
  inputs: { input: float(["~d"], "Predictions."), target: float(["~d"], "Truth.") },
  options: { beta: positive(1, "Where it becomes linear."), reduction: reduction() },
  value({ input, target }, { beta }) {
    const distance = input.sub(target).abs();
    return distance.less(beta).where(distance.square().mul(0.5 / beta), distance.sub(beta / 2));
  },
});

/** Central differences of the loss in float64. */
function finiteDifferences(
  spec: LossSpec,
  feeds: Readonly<Record<string, { readonly data: Float32Array | Int32Array; readonly shape: readonly number[] }>>,
  input: string,
): readonly number[] {
  const types = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [
      name,
      { shape, dtype: data instanceof Int32Array ? ("int32" as const) : ("float32" as const) },
    ]),
  );
  const binding = bindInputs(spec.loss.definition, types, spec.options);
  const graph = traceLoss(spec, binding, { dtype: "float32", gradients: [] });
  const dense = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, { shape, data: [...data] }]),
  );
  const at = (i: number, step: number): number => {
    const moved = (dense[input]?.data ?? []).map((x, j) => (i === j ? x + step : x));
    const [value] = evaluate(
      graph,
      { ...dense, [input]: { shape: dense[input]?.shape ?? [], data: moved } },
      binding.sizes,
    );
    return value?.data[0] ?? Number.NaN;
  };
  const step = 1e-5;
  return (dense[input]?.data ?? []).map((_, i) => (at(i, step) - at(i, -step)) / (2 * step));
}

const matrix = (n: number, m: number, seed: number) => ({ data: wave(n * m, seed), shape: [n, m] });

describe("gradients agree with finite differences", () => {
  const cases = [
    { spec: huber(), feeds: { input: matrix(3, 4, 1), target: matrix(3, 4, 50) }, wrt: ["input", "target"] },
    {
      spec: crossEntropy({ labelSmoothing: 0.1 }),
      feeds: { input: matrix(4, 5, 1), target: { data: Int32Array.of(0, 4, -100, 2), shape: [4] } },
      wrt: ["input"],
    },
    {
      spec: tripletMarginLoss({ swap: true, reduction: "sum" }),
      feeds: { anchor: matrix(3, 4, 1), positive: matrix(3, 4, 30), negative: matrix(3, 4, 90) },
      wrt: ["anchor", "positive", "negative"],
    },
    {
      spec: clipLoss(),
      feeds: { image: matrix(4, 3, 1), text: matrix(4, 3, 60), logitScale: { data: Float32Array.of(2), shape: [] } },
      wrt: ["image", "text", "logitScale"],
    },
    {
      spec: vseLoss({ maxViolation: true }),
      feeds: { image: matrix(4, 3, 1), text: matrix(4, 3, 60) },
      wrt: ["image", "text"],
    },
  ];
  for (const { spec, feeds, wrt } of cases) {
    it(spec.name, async () => {
      const loss = await backend.compile(spec as LossSpec);
      const { grads } = await loss.valueAndGrad(feeds);
      expect(Object.keys(grads)).toEqual(wrt);
      for (const name of wrt) {
        const gradient = grads[name];
        if (gradient === undefined) throw new Error(`no gradient of ${name}`);
        const wanted = finiteDifferences(spec as LossSpec, feeds, name);
        const { data } = await backend.read(gradient);
        expect(data.length).toBe(wanted.length);
        wanted.forEach((want, i) => expect(data[i]).toBeCloseTo(want, 4));
      }
    });
  }
});

it("one session serves batches of 1, 7 and 64, and another the empty one", async () => {
  const create = vi.spyOn(ort.InferenceSession, "create");
  const own = await createBackend({ device: testDevice });
  create.mockClear();
  const loss = await own.compile(crossEntropy({ reduction: "sum" }));
  for (const n of [64, 7, 1, 0]) {
    const target = Int32Array.from({ length: n }, (_, i) => i % 5);
    const { value, grads } = await loss.valueAndGrad({ input: matrix(n, 5, 1), target });
    expect(grads.input?.dims).toEqual([n, 5]);
    const host = await own.read(value);
    const data = wave(n * 5);
    let wanted = 0;
    for (let i = 0; i < n; i++) {
      const row = [...data.subarray(i * 5, i * 5 + 5)];
      wanted += Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - (row[i % 5] ?? 0);
    }
    expect(host.data[0]).toBeCloseTo(wanted, 3);
  }
  expect(create).toHaveBeenCalledTimes(2);
  await own.dispose();
  create.mockRestore();
});

it("the mean of an empty batch is NaN, its sum 0", async () => {
  const empty = { input: { data: new Float32Array(0), shape: [0] }, target: { data: new Float32Array(0), shape: [0] } };
  const mean = await backend.compile(huber());
  const { value, grads } = await mean.valueAndGrad(empty);
  expect((await backend.read(value)).data[0]).toBeNaN();
  expect(grads.input?.dims).toEqual([0]);
  const sum = await backend.compile(huber({ reduction: "sum" }));
  expect((await backend.read(await sum.value(empty))).data[0]).toBe(0);
});

it("concurrent runs of several sizes do not disturb each other", async () => {
  const loss = await backend.compile(huber({ reduction: "sum" }));
  const runs = Array.from({ length: 24 }, async (_, i) => {
    const input = new Float32Array(i + 1).fill(2);
    const value = await loss.value({ input, target: new Float32Array(i + 1) });
    return (await backend.read(value)).data[0];
  });
  expect(await Promise.all(runs)).toEqual(runs.map((_, i) => (i + 1) * 1.5));
});

it("arrays may be used again as soon as a call has returned, and after they have become tensors", async () => {
  // Not compiled before: the first call waits for its session.
  const loss = await backend.compile(huber({ beta: 2, reduction: "sum" }));
  for (let call = 0; call < 2; call++) {
    const [input, target] = [Float32Array.of(1, 5), Float32Array.of(0, 1)];
    const pending = loss.valueAndGrad({ input, target: { data: target, shape: [2] } });
    input.fill(NaN);
    target.fill(NaN);
    const { value, grads } = await pending;
    expect(value.data).toEqual(Float32Array.of(3.25));
    expect(grads.input?.data).toEqual(Float32Array.of(0.5, 1));
  }
  const labels = Int32Array.of(1);
  const entropy = await backend.compile(crossEntropy());
  const cost = entropy.value({ input: [[0, 0]], target: labels });
  labels.fill(7);
  expect((await cost).data[0]).toBeCloseTo(Math.LN2, 6);
  const data = Float32Array.of(3);
  const tensor = backend.tensor(data);
  data.fill(NaN);
  expect((await backend.read(tensor)).data).toEqual(Float32Array.of(3));
});

it("an input may be called like an output", async () => {
  const named = defineLoss({
    name: "named",
    summary: "Its input is called like an output.",
    formula: "value² · other",
    inputs: { value: float(["N"], "Numbers."), other: float(["N"], "Numbers.") },
    options: { reduction: reduction("none") },
    value: ({ value, other }) => value.square().mul(other),
  });
  const loss = await backend.compile(named());
  const { value, grads } = await loss.valueAndGrad({ value: [1, 2], other: [3, 5] });
  expect(Array.from(value.data as Float32Array)).toEqual([3, 20]);
  expect(Array.from(grads.value?.data as Float32Array)).toEqual([6, 20]);
  expect(Array.from(grads.other?.data as Float32Array)).toEqual([1, 4]);
});

it("takes ort tensors: int64 labels, float64 numbers; leaves them intact", async () => {
  const loss = await backend.compile(crossEntropy());
  const target = new ort.Tensor("int64", BigInt64Array.of(1n, 0n), [2]);
  const input = new ort.Tensor("float64", Float64Array.of(1, 2, 3, 4), [2, 2]);
  const value = await loss.value({ input, target });
  const same = await loss.value({
    input: [
      [1, 2],
      [3, 4],
    ],
    target: [1, 0],
  });
  expect(value.data).toEqual(same.data);
  expect(target.data).toEqual(BigInt64Array.of(1n, 0n));
  expect(input.dims).toEqual([2, 2]);
});

it("refuses int64 labels that do not fit in 32 bits, and foreign dtypes", async () => {
  const loss = await backend.compile(crossEntropy());
  const input = [[1, 2]];
  const big = new ort.Tensor("int64", BigInt64Array.of(2n ** 32n), [1]);
  await expect(loss.value({ input, target: big })).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: `crossEntropy: target: ${backend.id}: int64 values must fit in 32 bits, got ${2 ** 32}.`,
  });
  const bytes = new ort.Tensor("uint8", Uint8Array.of(0), [1]);
  await expect(loss.value({ input, target: bytes })).rejects.toMatchObject({ code: "DTYPE_MISMATCH" });
});

it("cannot be used after dispose", async () => {
  const own = await createBackend({ device: testDevice });
  const loss = await own.compile(huber());
  await loss.value({ input: [1], target: [2] });
  await own.dispose();
  await expect(loss.value({ input: [1], target: [2] })).rejects.toMatchObject({ code: "BACKEND_DISPOSED" });
});

it("is warmed up for sizes to come: the first real call makes no session", async () => {
  const create = vi.spyOn(ort.InferenceSession, "create");
  const own = await createBackend({ device: testDevice });
  const loss = await own.compile(crossEntropy());
  create.mockClear();
  await loss.warm({ input: { shape: [64, 5] }, target: { shape: [64], dtype: "int64" } });
  expect(create).toHaveBeenCalledTimes(1);
  await loss.valueAndGrad({ input: matrix(7, 5, 1), target: new Int32Array(7) });
  expect(create).toHaveBeenCalledTimes(1);
  await own.dispose();
  create.mockRestore();
});

describe("the gradient of a distance", () => {
  const gradients = async (anchor: readonly number[], positive: readonly number[]): Promise<readonly number[]> => {
    const loss = await backend.compile(tripletMarginLoss({ eps: 0 }));
    const { grads } = await loss.valueAndGrad({ anchor: [anchor], positive: [positive], negative: [[0, 0]] });
    const { data } = await backend.read(grads.positive ?? backend.tensor([]));
    return [...data];
  };

  it("is 0 where the distance is, and NaN where that is", async () => {
    expect((await gradients([1, 2], [1, 2])).map(Math.abs)).toEqual([0, 0]);
    expect((await gradients([0, 0], [0, 0])).map(Math.abs)).toEqual([0, 0]);
    expect(await gradients([NaN, 2], [1, 2])).toEqual([NaN, NaN]);
  });

  it("has length 1 down to the smallest distance, and no more where squares are too small to be numbers", async () => {
    for (const distance of [1, 1e-10, 1e-18]) {
      const [x = NaN, y = NaN] = await gradients([3 * distance, 4 * distance], [0, 0]);
      expect(x).toBeCloseTo(-0.6, 5);
      expect(y).toBeCloseTo(-0.8, 5);
    }
    const tiny = await gradients([1e-23, 0], [0, 0]);
    for (const x of tiny) expect(Math.abs(x)).toBeLessThanOrEqual(1);
  });
});
