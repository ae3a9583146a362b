import {
  clipLoss,
  crossEntropy,
  diceLoss,
  klDiv,
  mseLoss,
  OptionError,
  rankingLoss,
  tripletMarginLoss,
} from "@losses/core";
import * as layers from "@tensorflow/tfjs-layers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toLayersLoss, toTfjs, type TfTensor } from "../src/index.js";
import { devices, startEngines, tf } from "./support/engines.js";

beforeAll(startEngines);

/** Points around three centres in the plane, class by class in turn. */
function clouds(count: number): { readonly points: number[][]; readonly classes: number[] } {
  const centres = [[2, 0], [-1, 2], [-1, -2]]; // prettier-ignore
  const classes = Array.from({ length: count }, (_, i) => i % 3);
  const points = classes.map((k, i) =>
    [0, 1].map((axis) => (centres[k]?.[axis] ?? 0) + 0.7 * Math.sin(12.9 * i + 4 * axis)),
  );
  return { points, classes };
}

/** Share of points whose nearest neighbour among `to` (not the point itself if they are the same) has their class. */
function nearestIsRight(
  from: TfTensor,
  to: TfTensor,
  same: boolean,
  matches: (i: number, j: number) => boolean,
): number {
  const [a, b] = [from.arraySync() as number[][], to.arraySync() as number[][]];
  const hits = a.filter((x, i) => {
    const distances = b.map((y, j) => (same && i === j ? Infinity : Math.hypot(...x.map((v, k) => v - (y[k] ?? 0)))));
    return matches(i, distances.indexOf(Math.min(...distances)));
  });
  return hits.length / a.length;
}

describe.each(devices)("a model on %s learns", (device) => {
  beforeEach(() => tf.setBackend(device));

  it("to classify, in model.fit with crossEntropy", async () => {
    const { points, classes } = clouds(60);
    const model = layers.sequential();
    model.add(
      layers.layers.dense({
        units: 8,
        activation: "relu",
        inputShape: [2],
        kernelInitializer: layers.initializers.glorotUniform({ seed: 3 }),
      }),
    );
    model.add(layers.layers.dense({ units: 3, kernelInitializer: layers.initializers.glorotUniform({ seed: 4 }) }));
    model.compile({
      optimizer: tf.train.adam(0.1),
      loss: toLayersLoss(crossEntropy({ labelSmoothing: 0.05 }), { tf }),
    });
    const x = tf.tensor2d(points);
    const oneHot = tf.tensor2d(classes.map((k) => [0, 1, 2].map((j) => Number(j === k))));
    const history = await model.fit(x, oneHot, { epochs: 25, batchSize: 20, verbose: 0, shuffle: false });
    const losses = history.history["loss"] as number[];
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
    const predicted = tf.argMax(model.predict(x) as TfTensor, 1).dataSync();
    expect(classes.filter((k, i) => predicted[i] === k).length / classes.length).toBeGreaterThan(0.95);
  });

  it("an embedding with tripletMarginLoss", () => {
    const { points, classes } = clouds(30);
    // The third coordinate drowns the two that tell the classes apart, until it is weighed down.
    const inputs = tf.tensor2d(points.map(([x = 0, y = 0], i) => [x * 0.05, y * 0.05, 3 * Math.sin(7 * i)]));
    const weights = tf.variable(tf.tensor2d([[1, 0], [0, 1], [0.5, -0.5]])); // prettier-ignore
    const index = (shift: number): TfTensor =>
      tf.tensor1d(
        classes.map((_, i) => (i + shift) % classes.length),
        "int32",
      );
    const [positives, negatives] = [index(3), index(1)];
    const loss = toTfjs(tripletMarginLoss({ margin: 1 }), { tf });
    const embed = (rows: TfTensor): TfTensor => tf.matMul(rows as tf.Tensor2D, weights as unknown as tf.Tensor2D);
    const rows = [inputs, tf.gather(inputs, positives), tf.gather(inputs, negatives)] as const;
    const score = (): number => nearestIsRight(embed(inputs), embed(inputs), true, (i, j) => classes[i] === classes[j]);
    const before = score();
    const optimizer = tf.train.adam(0.2);
    for (let i = 0; i < 60; i++) {
      optimizer.minimize(() => {
        const [anchor, positive, negative] = rows;
        return loss({ anchor: embed(anchor), positive: embed(positive), negative: embed(negative) }) as tf.Scalar;
      });
    }
    expect(before).toBeLessThan(0.7);
    expect(score()).toBeGreaterThan(0.95);
    weights.dispose();
  });

  it("to match two views of the same things with clipLoss", () => {
    const { points } = clouds(12);
    const image = tf.tensor2d(points);
    const text = tf.tensor2d(points.map(([x = 0, y = 0]) => [y, -x]));
    const weights = tf.variable(tf.tensor2d([[1, 0], [0, 1]])); // prettier-ignore
    const loss = toTfjs(clipLoss(), { tf, wrt: ["text"] });
    const turned = (): TfTensor => tf.matMul(text, weights as unknown as tf.Tensor2D);
    const logitScale = tf.scalar(2);
    const right = (): number => {
      const scores = tf.matMul(image, turned() as tf.Tensor2D, false, true);
      const best = tf.argMax(tf.sub(scores, tf.mul(0.5, tf.sum(tf.square(turned()), 1))), 1).dataSync();
      return points.filter((_, i) => best[i] === i).length / points.length;
    };
    const before = right();
    const optimizer = tf.train.adam(0.1);
    for (let i = 0; i < 150; i++) optimizer.minimize(() => loss({ image, text: turned(), logitScale }) as tf.Scalar);
    expect(before).toBeLessThan(0.5);
    expect(right()).toBeGreaterThan(before);
    weights.dispose();
  });
});

describe("toLayersLoss", () => {
  it("hands over yTrue and yPred in the right order", () => {
    const loss = toLayersLoss(crossEntropy(), { tf });
    const [yTrue, yPred] = [tf.tensor2d([[0, 1]]), tf.tensor2d([[0, 3]])]; // prettier-ignore
    expect(loss(yTrue, yPred).dataSync()[0]).toBeCloseTo(Math.log1p(Math.exp(-3)), 6);
  });

  it("refuses a loss of more than a prediction and a truth", () => {
    expect(() => toLayersLoss(rankingLoss(), { tf })).toThrow(OptionError);
  });

  it("refuses a loss of the whole batch, which weights would only scale, unless that is asked for", () => {
    const spec = diceLoss({ mode: "multilabel", fromLogits: false });
    const shares = tf.tensor3d([0.5, 0.25, 1, 0], [1, 2, 2]);
    const ones = tf.ones([1, 2, 2]);
    const loss = toLayersLoss(spec, { tf });
    expect(() => loss(ones, shares)).toThrow(/diceLoss must have a value for each sample.*wholeBatch: true/);
    const value = toLayersLoss(spec, { tf, wholeBatch: true })(ones, shares);
    expect(value.shape).toEqual([]);
    // 1 - 2·intersection / (sum of both), class by class: 1 - 1.5/2.75 and 1 - 2/3.
    expect(value.dataSync()[0]).toBeCloseTo((1.25 / 2.75 + 1 / 3) / 2, 5);
  });
});

type LayersLoss = string | ReturnType<typeof toLayersLoss>;

/** One linear layer, its weights known, then what the loss of TensorFlow.js wants: probabilities. */
function linear(loss: LayersLoss, ...end: layers.layers.Layer[]): layers.Sequential {
  const kernel = tf.tensor2d([[0.5, -0.25, 1], [-1, 0.75, 0.25]]); // prettier-ignore
  const dense = layers.layers.dense({ units: 3, inputShape: [2], useBias: false });
  const model = layers.sequential({ layers: [dense, ...end] });
  dense.setWeights([kernel]);
  model.compile({ optimizer: tf.train.sgd(0.5), loss });
  return model;
}

describe.each(devices)("weights in a layers model on %s are those of TensorFlow.js's built-in losses", (device) => {
  beforeEach(() => tf.setBackend(device));

  const softmax = (): layers.layers.Layer => layers.layers.activation({ activation: "softmax" });
  const pairs: readonly (readonly [string, () => layers.Sequential, () => layers.Sequential])[] = [
    [
      "crossEntropy and categoricalCrossentropy",
      () => linear(toLayersLoss(crossEntropy(), { tf })),
      () => linear("categoricalCrossentropy", softmax()),
    ],
    ["mseLoss and meanSquaredError", () => linear(toLayersLoss(mseLoss(), { tf })), () => linear("meanSquaredError")],
    [
      "klDiv and kullbackLeiblerDivergence",
      () =>
        linear(
          toLayersLoss(klDiv({ reduction: "batchmean" }), { tf }),
          layers.layers.activation({ activation: "logSoftmax" as "softmax" }),
        ),
      () => linear("kullbackLeiblerDivergence", softmax()),
    ],
  ];

  const { points, classes } = clouds(6);
  const oneHot = (): TfTensor => tf.tensor2d(classes.map((k) => [0, 1, 2].map((j) => Number(j === k))));

  it.each(pairs)("%s in fit with classWeight, and in evaluate", async (_, ours, theirs) => {
    const [x, y] = [tf.tensor2d(points), oneHot()];
    const results = await Promise.all(
      [ours(), theirs()].map(async (model) => {
        const how = {
          epochs: 2,
          batchSize: 4,
          shuffle: false,
          verbose: 0 as const,
          classWeight: { 0: 1, 1: 10, 2: 0.5 },
        };
        const { history } = await model.fit(x, y, how);
        const after = (model.evaluate(x, y, { batchSize: 4 }) as TfTensor).dataSync()[0];
        return [...(history["loss"] as number[]), after, ...(model.getWeights()[0]?.dataSync() ?? [])];
      }),
    );
    const [own = [], builtIn = []] = results;
    expect(own).toEqual(builtIn.map((value) => expect.closeTo(value ?? NaN, 4) as number));
  });

  it("one for each sample", () => {
    const kernel = tf.tensor2d([[0.5, -0.25, 1], [-1, 0.75, 0.25]]); // prettier-ignore
    const [x, y] = [tf.matMul(tf.tensor2d(points), kernel), oneHot()];
    const weights = tf.tensor1d([1, 0, 10, 0.5, 2, 3]);
    const own = tf.mul(toLayersLoss(crossEntropy(), { tf })(y, x), weights).dataSync();
    const builtIn = tf.mul(layers.metrics.categoricalCrossentropy(y, tf.softmax(x)), weights).dataSync();
    expect([...own]).toEqual([...builtIn].map((value) => expect.closeTo(value, 4) as number));
  });

  it("none, where a model masks steps: no loss of a layers model sees the mask", async () => {
    const build = (loss: LayersLoss, ...end: layers.layers.Layer[]): layers.Sequential => {
      const model = layers.sequential({
        layers: [layers.layers.masking({ maskValue: 0, inputShape: [3, 2] }), ...end],
      });
      model.compile({ optimizer: "sgd", loss });
      return model;
    };
    const x = tf.tensor3d([1, 2, 0, 0, 3, 1, 0, 0, 2, 2, 1, 0], [2, 3, 2]);
    const y = tf.tensor3d([1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1], [2, 3, 2]);
    const own = build(toLayersLoss(crossEntropy({ classAxis: -1 }), { tf })).evaluate(x, y) as TfTensor;
    const builtIn = build("categoricalCrossentropy", softmax()).evaluate(x, y) as TfTensor;
    expect((await own.data())[0]).toBeCloseTo((await builtIn.data())[0] ?? NaN, 5);
  });
});
