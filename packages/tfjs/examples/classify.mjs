// A layers model that tells the arms of a spiral apart: model.fit with crossEntropy.
// node examples/classify.mjs
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import * as layers from "@tensorflow/tfjs-layers";
import { crossEntropy } from "@losses/core";
import { toLayersLoss } from "@losses/tfjs";

await tf.setBackend("wasm");

const arms = 3;

/** Points on the arms of a spiral, shaken a little. */
function spiral(count, seed) {
  const noise = tf.randomNormal([count, 2], 0, 0.03, "float32", seed).arraySync();
  const classes = noise.map((_, i) => i % arms);
  const points = noise.map(([dx, dy], i) => {
    const t = 0.15 + (0.85 * i) / count;
    const angle = 4 * t + (2 * Math.PI * classes[i]) / arms;
    return [t * Math.cos(angle) + dx, t * Math.sin(angle) + dy];
  });
  return { points: tf.tensor2d(points), classes };
}

function accuracy(model, { points, classes }) {
  const guesses = tf.tidy(() => tf.argMax(model.predict(points), 1).dataSync());
  return (classes.filter((k, i) => guesses[i] === k).length / classes.length).toFixed(3);
}

const train = spiral(300, 1);
const test = spiral(150, 2);

const { dense } = layers.layers;
const model = layers.sequential({
  layers: [
    dense({ units: 32, activation: "relu", inputShape: [2] }),
    dense({ units: 32, activation: "relu" }),
    dense({ units: arms }), // logits: no softmax
  ],
});
model.compile({ optimizer: tf.train.adam(0.02), loss: toLayersLoss(crossEntropy({ labelSmoothing: 0.05 }), { tf }) });

console.log(`accuracy before training: ${accuracy(model, test)}`);
const oneHot = tf.cast(tf.oneHot(tf.tensor1d(train.classes, "int32"), arms), "float32");
const { history } = await model.fit(train.points, oneHot, { epochs: 60, batchSize: 50, verbose: 0 });
console.log(`loss: ${history.loss[0].toFixed(3)} -> ${history.loss.at(-1).toFixed(3)}`);
console.log(`accuracy after training: ${accuracy(model, test)}`);
