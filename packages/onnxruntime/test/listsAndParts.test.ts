import {
  crossEntropy,
  defineLoss,
  float,
  InputError,
  labels,
  list,
  reduction,
  scan,
  stack,
  type Tensor,
} from "@losses/core";
import { attachLoss, exportGraph, exportLoss } from "@losses/onnx";
import ort from "onnxruntime-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createBackend } from "../src/index.js";
import { testDevice } from "./device.js";
import { trace } from "./traced.js";

type Backend = Awaited<ReturnType<typeof createBackend>>;
let backend: Backend;

beforeAll(async () => {
  backend = await createBackend({ device: testDevice });
});

afterAll(async () => {
  await backend.dispose();
});

const scales = defineLoss({
  name: "scales",
  inputs: { fake: list(float(["N", "K"], "Scores.")), real: float(["N"], "Truth.") },
  options: { reduction: reduction("sum") },
  value: ({ fake, real }) => ({
    parts: {
      scores: { part: fake.map((x) => x.square().sum(1)).reduce((a, b) => a.add(b)), weight: 2 },
      truth: real.mul(3),
    },
  }),
});

it("lists of tensors of their own widths, with a gradient for each, and parts by name", async () => {
  const loss = await backend.compile(scales());
  const fake = [
    [[1], [2]],
    [
      [1, 0, -1],
      [2, 1, 0],
    ],
  ];
  const { value, grads, parts } = await loss.valueAndGrad({ fake, real: [1, 2] }, { parts: true });
  const numbers = async (tensor: ort.Tensor): Promise<readonly number[]> => [...(await backend.read(tensor)).data];
  expect(await numbers(value)).toEqual([33]);
  expect(await Promise.all(grads.fake.map(numbers))).toEqual([
    [4, 8],
    [4, 0, -4, 8, 4, 0],
  ]);
  expect(await numbers(parts?.["scores"] as ort.Tensor)).toEqual([12]);
  expect(await numbers(parts?.["truth"] as ort.Tensor)).toEqual([9]);
});

it("the same from a file", async () => {
  const model = exportLoss(scales(), { parts: true, gradients: ["fake"], inputs: { "fake.0": {}, "fake.1": {} } });
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  const results = await session.run({
    "fake.0": new ort.Tensor("float32", Float32Array.of(1, 2), [2, 1]),
    "fake.1": new ort.Tensor("float32", Float32Array.of(1, 0, -1, 2, 1, 0), [2, 3]),
    real: new ort.Tensor("float32", Float32Array.of(1, 2), [2]),
  });
  const numbers = Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, [...(data as Float32Array)]]),
  );
  expect(numbers).toEqual({
    value: [33],
    "grad:fake.0": [4, 8],
    "grad:fake.1": [4, 0, -4, 8, 4, 0],
    "part:scores": [12],
    "part:truth": [9],
  });
  await session.release();
});

it("a mean over nothing is refused where that is asked for; in a file it is NaN", async () => {
  const spec = crossEntropy({ ignoreIndex: 0, empty: "error" });
  const loss = await backend.compile(spec);
  const input = [
    [1, 2],
    [3, 4],
  ];
  await expect(loss.value({ input, target: Int32Array.of(0, 0) })).rejects.toThrow(InputError);
  const session = await ort.InferenceSession.create(exportLoss(spec), { intraOpNumThreads: 1 });
  const { value } = await session.run({
    input: new ort.Tensor("float32", Float32Array.of(1, 2, 3, 4), [2, 2]),
    target: new ort.Tensor("int32", Int32Array.of(0, 0), [2]),
  });
  expect(value?.data[0]).toBeNaN();
  await session.release();
});

const smoothed = defineLoss({
  name: "smoothed",
  inputs: { x: float(["T", "N"], "Scores of each step."), target: labels(["N"], "Steps.", { below: "T" }) },
  options: { reduction: reduction("sum") },
  value({ x, target }) {
    const start = x.sum(0).mul(0);
    const { collected } = scan({ init: { y: start }, sequences: { x } }, ({ y }, { x: at }) => {
      const next = stack([y, at], 0).logSumExp(0);
      return { carry: { y: next }, collect: { y: next } };
    });
    return collected.y.gather(0, target.unsqueeze(0)).squeeze(0);
  },
});

it("a recursion attached to a model agrees with the backend, also for no steps", async () => {
  const plain = trace({ a: { shape: ["T", "N"] } }, ({ a }) => (a as Tensor).mul(2));
  const model = exportGraph({ ...plain, outputs: plain.outputs.map(({ node }) => ({ name: "scores", node })) });
  const attached = attachLoss(model, smoothed(), { mapping: { x: "scores" }, gradients: true, provider: "cpu" });
  const session = await ort.InferenceSession.create(attached, { intraOpNumThreads: 1 });
  const data = Float32Array.from({ length: 10 }, (_, i) => Math.sin(i));
  const target = Int32Array.of(4, 0);
  const results = await session.run({
    a: new ort.Tensor("float32", data, [5, 2]),
    target: new ort.Tensor("int32", target, [2]),
  });
  const loss = await backend.compile(smoothed());
  const { value, grads } = await loss.valueAndGrad({ x: { data: data.map((v) => v * 2), shape: [5, 2] }, target });
  const close = async (got: ort.Tensor | undefined, wanted: ort.Tensor): Promise<void> => {
    const { data: numbers } = await backend.read(wanted);
    numbers.forEach((want, i) => expect(Number(got?.data[i])).toBeCloseTo(Number(want), 5));
  };
  await close(results["value"], value);
  await close(results["grad:x"], grads.x as ort.Tensor);
  const none = await session.run({
    a: new ort.Tensor("float32", new Float32Array(0), [0, 2]),
    target: new ort.Tensor("int32", Int32Array.of(0, 0), [2]),
  });
  expect(none["grad:x"]?.dims).toEqual([0, 2]);
  await session.release();
});
