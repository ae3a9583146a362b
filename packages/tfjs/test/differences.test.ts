import {
  crossEntropy,
  klDiv,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
  vseLoss,
  wganDiscriminatorLoss,
} from "@losses/core";
import * as layers from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { toTfjs, type TfTensor } from "../src/index.js";
import { startEngines, tf } from "./support/engines.js";

beforeAll(startEngines);

// What the README says of TensorFlow.js's own results, and of ours in the same place.
describe("where TensorFlow.js's own losses and gradients differ", () => {
  it("cross entropy is exact where categoricalCrossentropy is cut off by its epsilon", () => {
    const truth = tf.tensor2d([[1, 0]]);
    const logits = tf.tensor2d([[-30, 0]]);
    const own = layers.metrics.categoricalCrossentropy(truth, tf.softmax(logits)).dataSync()[0];
    expect(own).toBeLessThan(17);
    expect(toTfjs(crossEntropy(), { tf })({ input: logits, target: truth }).dataSync()[0]).toBeCloseTo(30, 5);
  });

  it("target probabilities have the gradient -log softmax, not labels - softmax", () => {
    const labels = tf.tensor2d([[0.25, 0.75]]);
    const logits = tf.tensor2d([[0, 0]]);
    const byHand = tf
      .grad((x: TfTensor) => tf.losses.softmaxCrossEntropy(x, logits))(labels)
      .dataSync();
    expect([...byHand]).toEqual([-0.25, 0.25]);
    const loss = toTfjs(crossEntropy(), { tf });
    const gradient = tf
      .grad((target: TfTensor) => loss({ input: logits, target }))(labels)
      .dataSync();
    gradient.forEach((x) => expect(x).toBeCloseTo(Math.log(2), 6));
  });

  it("a zero norm has gradient 0, not NaN", () => {
    const zero = tf.zeros([1, 2]);
    const away = tf.tensor2d([[3, 4]]);
    const distance = (x: TfTensor, y: TfTensor): TfTensor => tf.norm(tf.sub(x, y), "euclidean", 1);
    const byHand = (x: TfTensor): TfTensor => tf.mean(tf.relu(tf.add(tf.sub(distance(x, zero), distance(x, away)), 9)));
    expect(tf.grad(byHand)(zero).dataSync()[0]).toBeNaN();
    const loss = toTfjs(tripletMarginLoss({ margin: 9, eps: 0 }), { tf });
    const gradient = tf
      .grad((anchor: TfTensor) => loss({ anchor, positive: zero, negative: away }))(zero)
      .dataSync();
    expect([...gradient].map((x) => x.toFixed(3))).toEqual(["0.600", "0.800"]);
  });

  it("the hardest negative is one, where max counts a tie twice", () => {
    const scores = tf.tensor2d([[1, 1, 1], [0, 5, 0], [0, 0, 5]]); // prettier-ignore
    const byHand = (x: TfTensor): TfTensor => tf.sum(tf.max(tf.relu(x), 1));
    const byMax = tf.grad(byHand)(scores).dataSync();
    expect([byMax[0], byMax[1], byMax[2]]).toEqual([1, 1, 1]);
    const loss = toTfjs(vseLoss({ maxViolation: true, margin: 0.2 }), { tf });
    const gradient = tf
      .grad((x: TfTensor) => loss({ scores: x }))(scores)
      .dataSync();
    expect([gradient[0], gradient[1], gradient[2]]).toEqual([-1, 1, 0]);
  });

  it("class indices train on wasm, where the gradient of gather has no kernel", async () => {
    await tf.setBackend("wasm");
    const logits = tf.tensor2d([[1, 2], [2, 1]]); // prettier-ignore
    const flat = tf.tensor1d([1, 2], "int32");
    const byHand = (x: TfTensor): TfTensor => tf.neg(tf.mean(tf.gather(tf.reshape(tf.logSoftmax(x), [4]), flat)));
    expect(() => tf.grad(byHand)(logits)).toThrow(/UnsortedSegmentSum/);
    const loss = toTfjs(crossEntropy(), { tf });
    const target = tf.tensor1d([1, 0], "int32");
    const gradient = tf
      .grad((input: TfTensor) => loss({ input, target }))(logits)
      .dataSync();
    expect(gradient[0]).toBeCloseTo(0.5 / (1 + Math.E), 6);
    await tf.setBackend("cpu");
  });

  it("|x| has gradient 0 at 0, not -1", () => {
    const zero = tf.zeros([1]);
    expect(
      tf
        .grad((x: TfTensor) => tf.abs(x))(zero)
        .dataSync()[0],
    ).toBe(-1);
    const loss = toTfjs(tripletMarginWithDistanceLoss({ distance: "manhattan", reduction: "sum" }), { tf });
    const gradient = tf.grad((x: TfTensor) => loss({ anchor: x, positive: zero, negative: tf.tensor1d([0.5]) }))(zero);
    // 0 of |anchor - positive|, and 1 of -|anchor - negative|
    expect(gradient.dataSync()[0]).toBe(1);
  });

  it("sums keep their digits on wasm", async () => {
    await tf.setBackend("wasm");
    const huber = (d: number): number => (d < 1 ? (d * d) / 2 : d - 0.5);
    const x = Float32Array.from({ length: 2 ** 22 }, (_, i) => huber(Math.abs(2 * Math.sin(i * i * 1.3))));
    const exact = x.reduce((sum, item) => sum + item, 0) / x.length;
    const input = tf.tensor1d(x);
    const error = (mean: number | undefined): number => Math.abs((mean ?? Number.NaN) / exact - 1);
    expect(error(tf.mean(input).dataSync()[0])).toBeGreaterThan(1e-4);
    const loss = toTfjs(wganDiscriminatorLoss(), { tf });
    expect(error(loss({ fake: input, real: tf.zeros([1]) }).dataSync()[0])).toBeLessThan(1e-6);
    await tf.setBackend("cpu");
  });

  it("klDiv takes targets of 0, where 0 · log 0 is NaN by hand", () => {
    const [p, q] = [tf.tensor1d([-1, -2]), tf.tensor1d([0, 1])];
    expect(tf.sum(tf.mul(q, tf.sub(tf.log(q), p))).dataSync()[0]).toBeNaN();
    expect(toTfjs(klDiv({ reduction: "sum" }), { tf })({ input: p, target: q }).dataSync()[0]).toBe(2);
  });
});
