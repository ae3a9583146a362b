import { clipLoss, crossEntropy, OptionError, rankingLoss, tripletMarginLoss } from "@losses/core";
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
});
