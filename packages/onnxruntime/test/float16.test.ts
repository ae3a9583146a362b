import {
  cmpmLoss,
  defineLoss,
  float,
  fromHalfBits,
  halfBits,
  reduction,
  scan,
  tripletMarginLoss,
  type LossSpec,
  type Tensor,
} from "@losses/core";
import ort from "onnxruntime-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createBackend, type OrtTensor } from "../src/index.js";
import { testDevice } from "./device.js";

type Backend = Awaited<ReturnType<typeof createBackend>>;
type Feed = { readonly data: Float32Array | Int32Array; readonly shape: readonly number[] };
const none: Feed = { data: new Float32Array(0), shape: [] };
let backend: Backend;

beforeAll(async () => {
  backend = await createBackend({ device: testDevice });
});

afterAll(async () => {
  await backend.dispose();
});

/** The value and the gradients of a loss computed in float16, as numbers by name. */
async function inHalf(
  spec: LossSpec,
  feeds: Readonly<Record<string, Feed>>,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const loss = await backend.compile(spec, { dtype: "float16" });
  const { value, grads } = await loss.valueAndGrad(feeds);
  const results: Record<string, readonly number[]> = {};
  for (const [name, tensor] of Object.entries({ value, ...grads })) {
    if (tensor === undefined) continue;
    results[name] = Array.from((await backend.read(tensor)).data, fromHalfBits);
  }
  return results;
}

/** Within a rounding to float16. */
function expectHalf(got: readonly number[] | undefined, wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((want, i) =>
    expect(Math.abs((got?.[i] ?? NaN) - want)).toBeLessThanOrEqual(Math.abs(want) * 2 ** -11),
  );
}

const loss = (name: string, value: (x: Tensor, y: Tensor) => Tensor): LossSpec =>
  defineLoss({
    name,
    summary: "An expression under test.",
    formula: "f(x, y)",
    inputs: { x: float(["N", "M"], ""), y: float(["N", "M"], "") },
    options: { reduction: reduction("sum") },
    value: ({ x, y }) => value(x, y),
  })();

it("goes in and comes out as it is, where the device computes in it", async ({ skip }) => {
  skip(!backend.dtypes.includes("float16"), "the device has no float16");
  const loss = await backend.compile(tripletMarginLoss({ margin: 4, reduction: "sum" }), { dtype: "float16" });
  const half = (x: number): OrtTensor => new ort.Tensor("float16", Uint16Array.of(halfBits(x)), [1, 1]);
  const { value, grads } = await loss.valueAndGrad({ anchor: half(0), positive: half(2), negative: half(3) });
  expect([value.type, grads.anchor?.type]).toEqual(["float16", "float16"]);
  const { data, dtype } = await backend.read(value);
  expect([dtype, data]).toEqual(["float16", Uint16Array.of(halfBits(3))]);
  // What was read is taken again, with its dtype.
  const again = backend.tensor({ data, shape: [1, 1], dtype });
  expect(again.type).toBe("float16");
  const wide = await backend.compile(tripletMarginLoss({ margin: 4, reduction: "sum" }));
  expect((await wide.value({ anchor: again, positive: [[5]], negative: [[3]] })).data[0]).toBeCloseTo(6, 4);
});

it("goes through a worker thread", async ({ skip }) => {
  skip(testDevice !== "cpu", "the worker is tested on the processor");
  const remote = await createBackend({ worker: true });
  expect(remote.dtypes).toContain("float16");
  const loss = await remote.compile(tripletMarginLoss({ margin: 4, reduction: "sum" }), { dtype: "float16" });
  const half = (x: number): OrtTensor => new ort.Tensor("float16", Uint16Array.of(halfBits(x)), [1, 1]);
  const { value } = await loss.valueAndGrad({ anchor: half(0), positive: half(2), negative: half(3) });
  expect((await remote.read(value)).data).toEqual(Uint16Array.of(halfBits(3)));
  await remote.dispose();
});

it("is written into a tensor that is given", async ({ skip }) => {
  skip(!backend.dtypes.includes("float16"), "the device has no float16");
  const loss = await backend.compile(tripletMarginLoss({ margin: 4, reduction: "sum" }), { dtype: "float16" });
  const half = (x: number): OrtTensor => new ort.Tensor("float16", Uint16Array.of(halfBits(x)), [1, 1]);
  const anchor = half(7);
  const feeds = { anchor: half(0), positive: half(2), negative: half(3) };
  const wanted = await backend.read((await loss.valueAndGrad(feeds)).grads.anchor ?? half(7));
  expect((await loss.valueAndGrad(feeds, { out: { grads: { anchor } } })).grads.anchor).toBe(anchor);
  expect((await backend.read(anchor)).data).toEqual(wanted.data);
});

it("an element equals the largest that it is: the gradient of an extreme of products", async ({ skip }) => {
  skip(!backend.dtypes.includes("float16"), "the device has no float16");
  const x = { data: Float32Array.of(1.3, 2.3, 3.7, 4.1, 5.3, 6.7), shape: [2, 3] };
  const y = { data: Float32Array.of(1.1, 2.3, 1.7, 2.1, 3.3, 1.9), shape: [2, 3] };
  const found = await inHalf(
    loss("extremes", (a, b) => a.mul(b).transpose().amax(1)),
    { x, y },
  );
  const half = (numbers: readonly number[]): readonly number[] =>
    numbers.map((number) => fromHalfBits(halfBits(number)));
  expect(found["x"]).toEqual(half([0, 0, 0, 2.1, 3.3, 1.9]));
  expect(found["y"]).toEqual(half([0, 0, 0, 4.1, 5.3, 6.7]));
});

it("a guard below the smallest float16 guards: cmpmLoss", async ({ skip }) => {
  skip(!backend.dtypes.includes("float16"), "the device has no float16");
  const found = await inHalf(cmpmLoss(), {
    image: { data: Float32Array.of(1, 2, 3, -1), shape: [2, 2] },
    text: { data: Float32Array.of(1, 1, 2, -1), shape: [2, 2] },
    labels: { data: Int32Array.of(0, 1), shape: [2] },
  });
  // By PyTorch in float64.
  expectHalf(found["value"], [5.472558843]);
  expectHalf(found["image"], [0.4395990599, -1.0460303044, 0.0683041894, 2.0560989993]);
  expectHalf(found["text"], [2.7823317357, -4.170448157, -0.1090680281, 1.3752375789]);
});

it("counts and sums beyond 65504 are numbers on the way to a mean", async ({ skip }) => {
  skip(!backend.dtypes.includes("float16"), "the device has no float16");
  const shape = [70_000, 1];
  const [x = none, y = none] = [2, 3].map((value) => ({ data: new Float32Array(70_000).fill(value), shape }));
  const found = await inHalf(
    loss("mean", (a, b) => a.mul(b).mean().add(a.square().sum().div(a.count()))),
    { x, y },
  );
  expect(found["value"]).toEqual([10]);
});

it("a recursion carries float32: many small steps", async ({ skip }) => {
  skip(!backend.dtypes.includes("float16"), "the device has no float16");
  const shape = [50, 1];
  const [x = none, y = none] = [1, 2 ** -12].map((value) => ({ data: new Float32Array(50).fill(value), shape }));
  const found = await inHalf(
    loss("steps", (a, b) => {
      const start = a.sum(0).div(a.count(0));
      return scan({ init: { sum: start }, sequences: { b } }, ({ sum }, { b: at }) => ({
        carry: { sum: sum.add(at) },
      })).carry.sum.sub(1);
    }),
    { x, y },
  );
  // In float16 1 + 2⁻¹² is 1.
  expect(found["value"]).toEqual([fromHalfBits(halfBits(50 * 2 ** -12))]);
});
