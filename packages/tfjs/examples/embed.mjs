// An embedding in which things of one kind are near each other: tripletMarginLoss and optimizer.minimize.
// node examples/embed.mjs
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-layers"; // registers the gradients of tf's own operations
import { tripletMarginLoss } from "@losses/core";
import { toTfjs } from "@losses/tfjs";

await tf.setBackend("wasm");

const kinds = 4;
const features = 12;

/** Things with many features, of which the first two tell the kinds apart and the others are loud noise. */
function things(count, seed) {
  const noise = tf.randomNormal([count, features], 0, 1, "float32", seed).arraySync();
  const rows = noise.map((row, i) => {
    const angle = (2 * Math.PI * (i % kinds)) / kinds;
    return row.map((x, k) => (k === 0 ? Math.cos(angle) + 0.2 * x : k === 1 ? Math.sin(angle) + 0.2 * x : x));
  });
  return tf.tensor2d(rows);
}

const train = things(200, 1);
const test = things(100, 2);
const weights = tf.variable(tf.randomNormal([features, 3], 0, 0.3, "float32", 3));
const embed = (x) => tf.matMul(x, weights);

/** Share of the things whose nearest neighbour is of their kind. */
function accuracy() {
  const points = tf.tidy(() => embed(test).arraySync());
  const isRight = points.map((x, i) => {
    const distances = points.map((y, j) => (i === j ? Infinity : Math.hypot(...x.map((v, k) => v - y[k]))));
    return distances.indexOf(Math.min(...distances)) % kinds === i % kinds;
  });
  return (isRight.filter(Boolean).length / isRight.length).toFixed(3);
}

/** For every thing, one that is `shift` kinds on: another of its own kind for 0. */
function partners(step, shift) {
  const count = train.shape[0];
  const rows = Array.from(
    { length: count },
    (_, i) => (i + kinds * (1 + (step % (count / kinds - 1))) + shift) % count,
  );
  return tf.gather(train, tf.tensor1d(rows, "int32"));
}

const loss = toTfjs(tripletMarginLoss({ margin: 1 }), { tf });
const optimizer = tf.train.adam(0.05);

console.log(`accuracy before training: ${accuracy()}`);
for (let step = 0; step < 200; step++) {
  tf.tidy(() => {
    const [anchor, positive, negative] = [train, partners(step, 0), partners(step, 1 + (step % (kinds - 1)))];
    const minimised = () => loss({ anchor: embed(anchor), positive: embed(positive), negative: embed(negative) });
    const value = optimizer.minimize(minimised, true);
    if (step % 50 === 0) console.log(`step ${step}: loss ${value.dataSync()[0].toFixed(3)}`);
  });
}
console.log(`accuracy after training: ${accuracy()}`);
