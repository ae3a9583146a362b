import {
  crossEntropy,
  ganDiscriminatorLoss,
  ganGeneratorLoss,
  hingeGanDiscriminatorLoss,
  klDiv,
  lsganDiscriminatorLoss,
  nllLoss,
} from "@losses/core";
import * as layers from "@tensorflow/tfjs-layers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toLayersLoss, toTfjs, type TfTensor } from "../src/index.js";
import { devices, startEngines, tf } from "./support/engines.js";

beforeAll(startEngines);

const logits = [[2, 1, 0, -1], [0, 3, 1, 0.5], [-1, 0, 0.25, 2]]; // prettier-ignore
const indices = [0, 2, 3];
const shares = [[0.7, 0.1, 0.1, 0.1], [0.2, 0.3, 0.4, 0.1], [0.05, 0.05, 0.1, 0.8]]; // prettier-ignore

function expectClose(ours: TfTensor, theirs: TfTensor): void {
  expect(ours.shape).toEqual(theirs.shape);
  const expected = theirs.dataSync();
  ours.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5));
}

type Loss = (x: TfTensor) => TfTensor;

/** The same number and the same gradient. */
function expectSame(ours: Loss, theirs: Loss, x: TfTensor): void {
  const [mine, other] = [tf.valueAndGrad(ours)(x), tf.valueAndGrad(theirs)(x)];
  expectClose(mine.value, other.value);
  expectClose(mine.grad, other.grad);
}

// The lines of the README's table.
describe.each(devices)("on %s, what replaces TensorFlow.js's own loss gives its numbers: ", (device) => {
  beforeEach(() => tf.setBackend(device));

  it.each([0, 0.1])("tf.losses.softmaxCrossEntropy with label smoothing %d", (labelSmoothing) => {
    const oneHot = tf.oneHot(tf.tensor1d(indices, "int32"), 4);
    const loss = toTfjs(crossEntropy({ labelSmoothing }), { tf });
    const theirs: Loss = (x) => tf.losses.softmaxCrossEntropy(tf.cast(oneHot, "float32"), x, undefined, labelSmoothing);
    expectSame((input) => loss({ input, target: tf.cast(oneHot, "float32") }), theirs, tf.tensor2d(logits));
    expectSame((input) => loss({ input, target: tf.tensor1d(indices, "int32") }), theirs, tf.tensor2d(logits));
  });

  it("the same without reduction, and summed", () => {
    const target = tf.cast(tf.oneHot(tf.tensor1d(indices, "int32"), 4), "float32");
    for (const [reduction, theirs] of [
      ["none", tf.Reduction.NONE],
      ["sum", tf.Reduction.SUM],
    ] as const) {
      // prettier-ignore
      const loss = toTfjs(crossEntropy({ reduction }), { tf });
      const own = tf.losses.softmaxCrossEntropy(target, tf.tensor2d(logits), undefined, 0, theirs);
      expectClose(loss({ input: tf.tensor2d(logits), target }), own);
    }
  });

  it("its weights, one for each sample", () => {
    const target = tf.cast(tf.oneHot(tf.tensor1d(indices, "int32"), 4), "float32");
    const weights = tf.tensor1d([0.5, 0, 2]);
    const each = toTfjs(crossEntropy({ reduction: "none" }), { tf });
    const ours: Loss = (input) => tf.losses.computeWeightedLoss(each({ input, target }), weights);
    const theirs: Loss = (x) => tf.losses.softmaxCrossEntropy(target, x, weights);
    expectSame(ours, theirs, tf.tensor2d(logits));
  });

  it("the losses of a GAN", () => {
    const [real, fake] = [tf.tensor1d([2, 0.3, -1]), tf.tensor1d([-2, 0.5, 1.5])];
    const [ones, zeros] = [tf.ones([3]), tf.zeros([3])];
    const bce = toTfjs(ganDiscriminatorLoss(), { tf });
    const hinge = toTfjs(hingeGanDiscriminatorLoss(), { tf });
    const squares = toTfjs(lsganDiscriminatorLoss(), { tf });
    const generator = toTfjs(ganGeneratorLoss(), { tf });
    const { sigmoidCrossEntropy, hingeLoss, meanSquaredError } = tf.losses;
    const pairs: readonly (readonly [(real: TfTensor, fake: TfTensor) => TfTensor, typeof hingeLoss])[] = [
      [(r, f) => bce({ real: r, fake: f }), sigmoidCrossEntropy],
      [(r, f) => hinge({ real: r, fake: f }), hingeLoss],
      [(r, f) => tf.mul(2, squares({ real: r, fake: f })), meanSquaredError],
    ];
    for (const [ours, theirs] of pairs) {
      const own = (r: TfTensor, f: TfTensor): TfTensor => tf.add(theirs(ones, r), theirs(zeros, f));
      expectSame(
        (r) => ours(r, fake),
        (r) => own(r, fake),
        real,
      );
      expectSame(
        (f) => ours(real, f),
        (f) => own(real, f),
        fake,
      );
    }
    expectSame(
      (f) => generator({ fake: f }),
      (f) => sigmoidCrossEntropy(ones, f),
      fake,
    );
  });

  it("tf.metrics.categoricalCrossentropy", () => {
    const truth = tf.tensor2d(shares);
    const target = tf.tensor1d(indices, "int32");
    const each = toTfjs(crossEntropy({ reduction: "none" }), { tf });
    const own = layers.metrics.categoricalCrossentropy(truth, tf.softmax(tf.tensor2d(logits)));
    expectClose(each({ input: tf.tensor2d(logits), target: truth }), own);
    const oneHot = tf.cast(tf.oneHot(target, 4), "float32");
    const byIndex = toTfjs(nllLoss({ reduction: "none" }), { tf });
    const ofShares = layers.metrics.categoricalCrossentropy(oneHot, tf.tensor2d(shares));
    expectClose(byIndex({ input: tf.log(tf.tensor2d(shares)), target }), ofShares);
  });

  it("Kullback-Leibler divergence by hand", () => {
    const q = tf.tensor2d(shares);
    const loss = toTfjs(klDiv({ reduction: "batchmean" }), { tf });
    const theirs: Loss = (x) => tf.div(tf.sum(tf.mul(q, tf.sub(tf.log(q), x))), 3);
    expectSame((input) => loss({ input, target: q }), theirs, tf.logSoftmax(tf.tensor2d(logits)));
  });

  it("the losses that a layers model knows by name", async () => {
    const evaluate = async (loss: string | ReturnType<typeof toLayersLoss>, x: TfTensor, y: TfTensor) => {
      const model = layers.sequential({
        layers: [layers.layers.activation({ activation: "linear", inputShape: [4] })],
      });
      model.compile({ optimizer: "sgd", loss });
      return model.evaluate(x, y) as TfTensor;
    };
    const [x, y] = [tf.tensor2d(logits), tf.tensor2d(shares)];
    const ofLogits = toLayersLoss(crossEntropy(), { tf });
    expectClose(await evaluate(ofLogits, x, y), await evaluate("categoricalCrossentropy", tf.softmax(x), y));
    const labels = tf.tensor2d(indices, [3, 1]);
    const oneHot = tf.cast(tf.oneHot(tf.tensor1d(indices, "int32"), 4), "float32");
    const sparse = await evaluate("sparseCategoricalCrossentropy", tf.softmax(x), labels);
    expectClose(await evaluate(ofLogits, x, oneHot), sparse);
    const ofLogs = toLayersLoss(klDiv({ reduction: "batchmean" }), { tf });
    const own = await evaluate("kullbackLeiblerDivergence", tf.softmax(x), y);
    expectClose(await evaluate(ofLogs, tf.logSoftmax(x), y), own);
  });
});
