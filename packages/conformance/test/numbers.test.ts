import {
  cmpmLoss,
  crossEntropy,
  defineLoss,
  float,
  fromHalfBits,
  halfBits,
  klDiv,
  reduction,
  tripletMarginWithDistanceLoss,
  type Backend,
  type FloatDType,
  type LossSpec,
  type Tensor,
} from "@losses/core";
import { createBackend as createJs } from "@losses/js";
import { exportLoss, type Provider } from "@losses/onnx";
import { createBackend as createOnnxRuntime } from "@losses/onnxruntime";
import { createBackend as createTfjs } from "@losses/tfjs";
import * as ort from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";

// Small calls at the edges of arithmetic. What is expected is PyTorch's, by torch in float64, or follows from IEEE 754.

type Feed = { readonly data: Float32Array | Int32Array; readonly shape: readonly number[] };
type Expected = Readonly<Record<string, readonly number[]>>;

interface Example {
  readonly name: string;
  readonly spec: LossSpec;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly expected: Expected;
  /** The dtypes that can hold what is fed. Default: all. */
  readonly dtypes?: readonly FloatDType[];
  /** The shapes of the exported model; default: as the loss declares them. */
  readonly shapes?: Readonly<Record<string, readonly (number | string)[]>>;
}

const f = (shape: readonly number[], ...data: readonly number[]): Feed => ({ data: Float32Array.from(data), shape });
const i = (...data: readonly number[]): Feed => ({ data: Int32Array.from(data), shape: [data.length] });

/** A function of float tensors. */
function of(
  shapes: Readonly<Record<string, readonly (number | string)[]>>,
  value: (tensors: { readonly x: Tensor; readonly y: Tensor }) => Tensor,
): LossSpec {
  return defineLoss({
    name: "example",
    summary: "An example.",
    formula: "f",
    inputs: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, float(shape)])),
    options: { reduction: reduction("none") },
    value: (tensors) => value(tensors as never),
  })();
}

const wide: readonly FloatDType[] = ["float32", "float64"];
const [e, inf, nan] = [Math.E, Infinity, NaN];
const examples: readonly Example[] = [
  {
    name: "a bool constant is true in all its bits",
    spec: of({ x: ["N"] }, ({ x }) => x.count().greater(1).where(x.exp(), x.neg())),
    feeds: { x: f([3], 1, 2, 3) },
    expected: { value: [e, e ** 2, e ** 3], x: [e, e ** 2, e ** 3] },
  },
  {
    name: "x⁰ has the gradient 0 everywhere",
    spec: of({ x: ["N"] }, ({ x }) => x.pow(0)),
    feeds: { x: f([3], 0, 2, nan) },
    expected: { value: [1, 1, 1], x: [0, 0, 0] },
  },
  {
    name: "a one-hot over an axis of size 1 that is stretched",
    spec: of({ x: [1], y: ["N"] }, ({ x, y }) => x.iota(0).equal(0).where(0, y)),
    feeds: { x: f([1], 5), y: f([3], 0, 2, 3) },
    expected: { value: [0, 0, 0], x: [0], y: [0, 0, 0] },
  },
  {
    name: "the same, summed",
    spec: of({ x: [1], y: ["N"] }, ({ x, y }) => x.iota(0).equal(0).where(y, 0).sum(0)),
    feeds: { x: f([1], 5), y: f([3], 1, 2, 3) },
    expected: { value: [6], x: [0], y: [1, 1, 1] },
  },
  {
    name: "the gradient of an extreme of products goes to the one that it is",
    spec: of({ x: ["N", "M"], y: ["N", "M"] }, ({ x, y }) => x.mul(y).transpose().amax(1)),
    feeds: { x: f([2, 2], 1.3, 2.3, 3.7, 1.1), y: f([2, 2], 1.1, 2.3, 1.7, 2.1) },
    expected: { value: [6.29, 5.29], x: [0, 2.3, 1.7, 0], y: [0, 2.3, 3.7, 0] },
  },
  {
    name: "an eps guards in every dtype: cmpmLoss",
    spec: cmpmLoss(),
    feeds: { image: f([2, 2], 1, 2, 3, -1), text: f([2, 2], 1, 1, 2, -1), labels: i(0, 1) },
    expected: {
      value: [5.472558843],
      image: [0.4395990599, -1.0460303044, 0.0683041894, 2.0560989993],
      text: [2.7823317357, -4.170448157, -0.1090680281, 1.3752375789],
    },
  },
  {
    name: "class weights that sum to 0: crossEntropy",
    spec: crossEntropy(),
    feeds: { input: f([2, 2], 0, 0, 0, 0), target: i(0, 1), weight: f([2], 1, -1) },
    expected: { value: [nan], input: [nan, inf, -inf, nan], weight: [nan, nan] },
  },
  {
    name: "a smoothed mean whose weights sum to 0: crossEntropy",
    spec: crossEntropy({ labelSmoothing: 0.5 }),
    feeds: { input: f([1, 2], 0, 0), target: i(0), weight: f([2], 0, 1) },
    expected: { value: [nan], input: [nan, nan] },
  },
  {
    name: "powers of 1, -1 and infinities",
    spec: of({ x: ["N"], y: ["N"] }, ({ x, y }) => x.pow(y)),
    feeds: { x: f([8], 1, 1, 1, -1, -1, -inf, -inf, nan), y: f([8], nan, inf, -inf, inf, -inf, 1.5, 3, 0) },
    expected: { value: [1, 1, 1, 1, 1, inf, -inf, 1] },
  },
  {
    name: "powers of zeros of both signs",
    spec: of({ x: ["N"] }, ({ x }) => x.pow(-0.5).add(x.pow(-3))),
    feeds: { x: f([2], 0, 4) },
    expected: { value: [inf, 0.515625] },
  },
  {
    name: "the root of -0, negated",
    spec: of({ x: ["N"] }, ({ x }) => x.neg().pow(0.5)),
    feeds: { x: f([2], 0, -4) },
    expected: { value: [0, 2], x: [-inf, -0.25] },
  },
  {
    name: "nothing has the mean NaN, and what was stretched into it the gradient 0",
    spec: of({ x: ["N"], y: [] }, ({ x, y }) => x.add(y).mean()),
    feeds: { x: f([0]), y: f([], 1) },
    expected: { value: [nan], x: [], y: [0] },
  },
  {
    name: "infinities over nothing sum to 0",
    spec: of({ x: ["N", "D"], y: ["D"] }, ({ x, y }) => x.add(y).sum(0)),
    feeds: { x: f([0, 2]), y: f([2], inf, nan) },
    expected: { value: [0, 0], x: [], y: [0, 0] },
  },
  {
    name: "no input and one target: klDiv",
    spec: klDiv(),
    feeds: { input: f([0]), target: f([1], 0.5) },
    shapes: { input: ["N"], target: [1] },
    expected: { value: [nan], input: [], target: [0] },
  },
  {
    name: "no classes: crossEntropy with probabilities",
    spec: crossEntropy(),
    feeds: { input: f([1, 0]), target: f([1, 0]) },
    expected: { value: [nan], input: [], target: [] },
  },
  {
    name: "a sum of products keeps in range",
    spec: of({ x: ["N"], y: ["N"] }, ({ x, y }) => x.mul(y).add(x.mul(y))),
    feeds: { x: f([1], 3e38), y: f([1], 1e-3) },
    dtypes: wide,
    expected: { value: [6e35], x: [2e-3] },
  },
  {
    name: "a cosine takes no norm for less than 1e-8",
    spec: tripletMarginWithDistanceLoss({ distance: "cosine" }),
    feeds: { anchor: f([1, 2], 1e-10, 0), positive: f([1, 2], 1, 0), negative: f([1, 2], 0, 1) },
    dtypes: wide,
    expected: { value: [0.99], anchor: [-9.9e7, 1e8], positive: [0, 0], negative: [0.01, 0] },
  },
];

/** How far a number may be off, as a share of the largest in its tensor. */
const rounding: Readonly<Record<FloatDType, number>> = { float16: 2 ** -9, float32: 2e-6, float64: 2e-6 };

function expectNumbers(got: Expected, expected: Expected, dtype: FloatDType): void {
  for (const [name, wanted] of Object.entries(expected)) {
    expect(got[name], name).toHaveLength(wanted.length);
    // What cancels in one element was as large as the others.
    const largest = Math.max(0, ...wanted.filter(Number.isFinite).map(Math.abs));
    const wrong = wanted.flatMap((want, at) => {
      const have = got[name]?.[at] ?? NaN;
      // Any number is within a share of infinity.
      const near = Number.isFinite(want) && Math.abs(have - want) <= rounding[dtype] * largest;
      return near || have === want || (Number.isNaN(have) && Number.isNaN(want)) ? [] : [`${name}[${at}]: ${have}`];
    });
    expect(wrong).toEqual([]);
  }
}

const isFor =
  (dtype: FloatDType) =>
  ({ dtypes }: Example) =>
    dtypes === undefined || dtypes.includes(dtype);

const backends: readonly [string, FloatDType, () => Promise<Backend<unknown>>][] = [
  ["js:scalar", "float32", () => createJs({ engine: "scalar" })],
  ["js:scalar", "float64", () => createJs({ engine: "scalar" })],
  ["js:wasm", "float32", () => createJs({ engine: "wasm" })],
  ["tfjs:cpu", "float32", () => createTfjs({ device: "cpu" })],
  ["tfjs:wasm", "float32", () => createTfjs({ device: "wasm" })],
  ["onnxruntime:cpu", "float32", () => createOnnxRuntime({ device: "cpu" })],
  ["onnxruntime:cpu", "float16", () => createOnnxRuntime({ device: "cpu" })],
];

describe.each(backends)("%s in %s", (_, dtype, create) => {
  let made: Promise<Backend<unknown>> | undefined;
  afterAll(async () => (await made)?.dispose());

  it.each(examples.filter(isFor(dtype)).map((one) => [one.name, one] as const))("%s", async (_name, example) => {
    const backend = await (made ??= create());
    const loss = await backend.compile(example.spec, { dtype });
    const { value, grads } = await loss.valueAndGrad(example.feeds);
    const got: Record<string, readonly number[]> = {};
    for (const [name, tensor] of Object.entries({ value, ...grads })) {
      const { data, dtype: own } = await backend.read(tensor);
      got[name] = Array.from(data, own === "float16" ? fromHalfBits : Number);
    }
    expectNumbers(got, example.expected, dtype);
  });
});

describe.each<[Provider, FloatDType]>([
  ["any", "float32"],
  ["cpu", "float32"],
  ["any", "float16"],
  ["cpu", "float16"],
])("a model for %s in %s", (provider, dtype) => {
  it.each(examples.filter(isFor(dtype)).map((one) => [one.name, one] as const))("%s", async (_name, example) => {
    const { spec, feeds, shapes = {}, expected } = example;
    const typeOf = ({ data }: Feed): "int32" | FloatDType => (data instanceof Int32Array ? "int32" : dtype);
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, { dtype: typeOf(feed) }]));
    const model = exportLoss(spec, { provider, dtype, gradients: true, inputs, shapes });
    const session = await ort.InferenceSession.create(model, { logSeverityLevel: 4, intraOpNumThreads: 1 });
    const tensor = ({ data, shape }: Feed): ort.Tensor => {
      if (data instanceof Int32Array) return new ort.Tensor("int32", data, shape);
      if (dtype === "float16") return new ort.Tensor("float16", Uint16Array.from(data, halfBits), shape);
      return new ort.Tensor("float32", data, shape);
    };
    const results = await session.run(
      Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, tensor(feed)])),
    );
    await session.release();
    const got = Object.entries(results).map(([name, { data }]) => [
      name.replace("grad:", ""),
      Array.from(data as ArrayLike<number>, data instanceof Uint16Array ? fromHalfBits : Number),
    ]);
    expectNumbers(Object.fromEntries(got) as Expected, expected, dtype);
  });
});
