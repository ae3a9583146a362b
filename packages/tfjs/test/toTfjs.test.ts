import {
  clipLoss,
  crossEntropy,
  defineLoss,
  float,
  klDiv,
  list,
  marginRankingLoss,
  OptionError,
  reduction,
  ShapeError,
  tripletMarginLoss,
  UnsupportedOpError,
} from "@losses/core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createBackend, toTfjs, type TfTensor } from "../src/index.js";
import { devices, startEngines, tf } from "./support/engines.js";

beforeAll(startEngines);
afterEach(() => tf.setBackend("cpu"));

/** A loss of several tensors of one kind. */
const scales = defineLoss({
  name: "scales",
  summary: "Squared errors at several scales.",
  formula: "sum of (fake_i - target)^2",
  inputs: { fake: list(float(["N"], "Scores.")), target: float(["N"], "Truth.") },
  options: { reduction: reduction("sum") },
  value: ({ fake, target }) => fake.map((x) => x.sub(target).square()).reduce((sum, x) => sum.add(x)),
});

const logits = [[1, 2, 3], [3, 1, 2], [0, 0, 1]]; // prettier-ignore
const labels = [2, 2, 0];

function numbers(tensor: TfTensor | undefined): number[] {
  return [...(tensor?.dataSync() ?? [])];
}

describe.each(devices)("a loss as a function of tensors on %s", (device) => {
  beforeEach(() => tf.setBackend(device));

  it.each(["mean", "sum"] as const)("has the backend's value and gradient (%s)", async (reduction) => {
    const spec = crossEntropy({ reduction });
    const loss = toTfjs(spec, { tf });
    const target = tf.tensor1d(labels, "int32");
    const { value, grad } = tf.valueAndGrad((input: TfTensor) => loss({ input, target }))(tf.tensor2d(logits));
    const backend = await createBackend({ device });
    const own = backend.compileSync(spec).valueAndGradSync({ input: logits, target: Int32Array.from(labels) });
    expect(numbers(value)).toEqual(numbers(own.value));
    expect(numbers(grad)).toEqual(numbers(own.grads.input));
  });

  it("multiplies by the gradient that arrives", () => {
    const loss = toTfjs(crossEntropy(), { tf });
    const target = tf.tensor1d(labels, "int32");
    const gradient = tf.grad((input: TfTensor) => loss({ input, target }));
    const once = numbers(gradient(tf.tensor2d(logits)));
    const thrice = numbers(gradient(tf.tensor2d(logits), tf.scalar(3)));
    thrice.forEach((value, i) => expect(value).toBeCloseTo(3 * (once[i] ?? 0), 6));
  });

  it("weighs each element's gradient where nothing is reduced", () => {
    const loss = toTfjs(crossEntropy({ reduction: "none" }), { tf });
    const target = tf.tensor1d(labels, "int32");
    const gradient = tf.grad((input: TfTensor) => loss({ input, target }));
    const each = numbers(gradient(tf.tensor2d(logits), tf.tensor1d([1, 1, 1])));
    const some = numbers(gradient(tf.tensor2d(logits), tf.tensor1d([0, 2, -1])));
    const factor = (i: number): number => [0, 2, -1][Math.floor(i / 3)] ?? Number.NaN;
    some.forEach((value, i) => expect(value).toBeCloseTo((each[i] ?? 0) * factor(i), 6));
  });

  it("differentiates by some inputs, by all, and by one given twice", () => {
    const loss = toTfjs(klDiv({ reduction: "sum" }), { tf });
    const [p, q] = [tf.tensor1d([-1, -2]), tf.tensor1d([0.25, 0.75])];
    const [byInput, byTarget] = tf.grads((input: TfTensor, target: TfTensor) => loss({ input, target }))([p, q]);
    expect(numbers(byInput)).toEqual([-0.25, -0.75]);
    // d(q log q - q·p)/dq = log q + 1 - p
    numbers(byTarget).forEach((value, i) => {
      expect(value).toBeCloseTo(Math.log([0.25, 0.75][i] ?? 1) + 1 - ([-1, -2][i] ?? 0), 5);
    });
    expect(numbers(tf.grad((input: TfTensor) => loss({ input, target: q }))(p))).toEqual([-0.25, -0.75]);
    const onlyInput = toTfjs(klDiv({ reduction: "sum" }), { tf, wrt: ["input"] });
    expect(numbers(tf.grad((input: TfTensor) => onlyInput({ input, target: q }))(p))).toEqual([-0.25, -0.75]);
    const ranking = toTfjs(marginRankingLoss({ margin: 1, reduction: "sum" }), { tf });
    const target = tf.tensor1d([1, 1]);
    expect(numbers(tf.grad((x: TfTensor) => ranking({ input1: x, input2: x, target }))(p))).toEqual([0, 0]);
  });

  it("has PyTorch's gradient at ties, at 0 and of zero vectors, where TensorFlow.js has others", () => {
    const ranking = toTfjs(marginRankingLoss({ reduction: "sum" }), { tf });
    const target = tf.tensor1d([1, 1]);
    const gradient = tf.grad((x: TfTensor) => ranking({ input1: x, input2: tf.tensor1d([1, 3]), target }));
    // clampMin has derivative 1 at the bound
    expect(numbers(gradient(tf.tensor1d([1, 2])))).toEqual([-1, -1]);
    const triplet = toTfjs(tripletMarginLoss({ eps: 0 }), { tf });
    const zero = tf.zeros([1, 3]);
    const [anchor] = tf.grads((a: TfTensor) => triplet({ anchor: a, positive: zero, negative: zero }))([zero]);
    expect(numbers(anchor)).toEqual([0, 0, 0]);
  });

  it("trains variables in optimizer.minimize and inside tidy", () => {
    const loss = toTfjs(crossEntropy(), { tf });
    const weights = tf.variable(tf.zeros([3, 3]));
    const target = tf.tensor1d(labels, "int32");
    const optimizer = tf.train.sgd(1);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 200; i++) {
      tf.tidy(() => {
        optimizer.minimize(() => loss({ input: weights, target }) as tf.Scalar);
      });
    }
    expect(tf.memory().numTensors).toBe(before);
    expect(numbers(loss({ input: weights, target }))[0]).toBeLessThan(0.02);
    expect(numbers(tf.argMax(weights, 1))).toEqual(labels);
    weights.dispose();
  });

  it("learns a temperature with clipLoss, a gradient to a scalar", () => {
    const loss = toTfjs(clipLoss(), { tf, wrt: ["logitScale"] });
    const scale = tf.variable(tf.scalar(1));
    const image = tf.tensor2d([[1, 0], [0, 1]]); // prettier-ignore
    const { value, grads } = tf.variableGrads(
      () => loss({ image, text: image, logitScale: scale }) as tf.Scalar,
      [scale],
    );
    // log(1 + e⁻ˢ) and its derivative
    expect(numbers(value)[0]).toBeCloseTo(Math.log1p(Math.exp(-1)), 6);
    expect(numbers(grads[scale.name])[0]).toBeCloseTo(-1 / (1 + Math.E), 6);
    scale.dispose();
  });

  it("refuses to be differentiated twice rather than give 0", () => {
    for (const spec of [crossEntropy(), crossEntropy({ reduction: "none" })]) {
      const loss = toTfjs(spec, { tf });
      const target = tf.tensor1d(labels, "int32");
      const first = tf.grad((input: TfTensor) => loss({ input, target }));
      expect(() => tf.grad(first)(tf.tensor2d(logits))).toThrow(UnsupportedOpError);
      expect(numbers(first(tf.tensor2d(logits)))).toHaveLength(9);
    }
  });

  it("takes lists of tensors, and differentiates by each of them", () => {
    for (const kind of ["sum", "none"] as const) {
      const loss = toTfjs(scales({ reduction: kind }), { tf });
      const target = tf.tensor1d([1, 2]);
      const gradient = tf.grads((a: TfTensor, b: TfTensor) => loss({ fake: [a, b], target }));
      const [byFirst, bySecond] = gradient([tf.tensor1d([3, 3]), tf.tensor1d([0, 1])]);
      // d Σ (fake - target)² = 2 (fake - target)
      expect([numbers(byFirst), numbers(bySecond)]).toEqual([[4, 2], [-2, -2]]); // prettier-ignore
      const onlyTarget = toTfjs(scales({ reduction: kind }), { tf, wrt: ["target"] });
      const byTarget = tf.grad((x: TfTensor) => onlyTarget({ fake: [tf.tensor1d([3, 3]), x], target: x }));
      expect(numbers(byTarget(target))).toEqual([-4, -2]);
    }
    const loss = toTfjs(scales(), { tf });
    expect(() => loss({ fake: tf.tensor1d([1]) as never, target: tf.tensor1d([1]) })).toThrow(/fake must be a list/);
    expect(() => loss({ fake: [1 as never], target: tf.tensor1d([1]) })).toThrow(/fake\.0 must be a tf\.Tensor/);
  });

  it("throws the loss's own errors, and then works again", () => {
    const loss = toTfjs(crossEntropy(), { tf });
    const gradient = tf.grad((input: TfTensor) => loss({ input, target: tf.tensor1d([0], "int32") }));
    expect(() => gradient(tf.tensor2d(logits))).toThrow(ShapeError);
    expect(numbers(gradient(tf.tensor2d([[1, 1]])))).toEqual([-0.5, 0.5]);
  });
});

describe("a loss as a function of tensors", () => {
  it("follows the current engine", async () => {
    const loss = toTfjs(crossEntropy(), { tf });
    const values = [];
    for (const device of devices) {
      await tf.setBackend(device);
      values.push(numbers(loss({ input: tf.tensor2d(logits), target: tf.tensor1d(labels, "int32") }))[0]);
    }
    expect(values[0]).toBeCloseTo(values[1] ?? Number.NaN, 6);
  });

  it("is a constant to tf.grads when a compiled loss is called instead", async () => {
    const compiled = (await createBackend({ device: "cpu" })).compileSync(klDiv());
    const target = tf.tensor1d([0.5, 0.5]);
    const gradient = tf.grad((input: TfTensor) => compiled.valueSync({ input, target }));
    expect(() => gradient(tf.tensor1d([-1, -2]))).toThrow(/Cannot compute gradient/);
  });

  it("refuses an unknown name in wrt", () => {
    expect(() => toTfjs(klDiv(), { tf, wrt: ["inputs" as "input"] })).toThrow(OptionError);
  });
});
