// Two encoders that bring images and their texts together: clipLoss with a learned logitScale.
// node examples/imageText.mjs
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-layers"; // registers the gradients of tf's own operations
import { clipLoss } from "@losses/core";
import { toTfjs } from "@losses/tfjs";

await tf.setBackend("wasm");

const [meanings, pixels, words] = [8, 32, 24];
const normal = (shape, deviation, seed) => tf.randomNormal(shape, 0, deviation, "float32", seed);

// What stands in for features of pictures and of captions: two views of the same meaning, with some noise.
const [toPixels, toWords] = [normal([meanings, pixels], 1, 1), normal([meanings, words], 1, 2)];
function pairs(count, seed) {
  return tf.tidy(() => {
    const meaning = normal([count, meanings], 1, seed);
    return {
      images: tf.keep(tf.add(tf.matMul(meaning, toPixels), normal([count, pixels], 0.3, seed + 1))),
      texts: tf.keep(tf.add(tf.matMul(meaning, toWords), normal([count, words], 0.3, seed + 2))),
    };
  });
}

const train = pairs(512, 10);
const test = pairs(100, 20);

const imageWeights = tf.variable(normal([pixels, 16], 0.2, 3));
const textWeights = tf.variable(normal([words, 16], 0.2, 4));
const logScale = tf.variable(tf.scalar(Math.log(1 / 0.07)));

const unit = (x) => tf.div(x, tf.norm(x, 2, 1, true));
const encode = ({ images, texts }) => ({
  image: unit(tf.matMul(images, imageWeights)),
  text: unit(tf.matMul(texts, textWeights)),
});

/** Share of the images whose most similar text is their own. */
function accuracy() {
  const best = tf.tidy(() => {
    const { image, text } = encode(test);
    return tf.argMax(tf.matMul(image, text, false, true), 1).dataSync();
  });
  return (best.filter((j, i) => j === i).length / best.length).toFixed(3);
}

const loss = toTfjs(clipLoss(), { tf });
const optimizer = tf.train.adam(0.01);

console.log(`accuracy before training: ${accuracy()}`);
for (let step = 0; step < 120; step++) {
  tf.tidy(() => {
    const start = (step % 4) * 128;
    const batch = { images: tf.slice(train.images, start, 128), texts: tf.slice(train.texts, start, 128) };
    // The scale is learned as a logarithm, which keeps it positive, and at most 100, as in CLIP.
    const scale = () => tf.minimum(tf.exp(logScale), 100);
    const value = optimizer.minimize(() => loss({ ...encode(batch), logitScale: scale() }), true);
    if (step % 30 === 0) console.log(`step ${step}: loss ${value.dataSync()[0].toFixed(3)}`);
  });
}
console.log(`learned scale: ${Math.exp(logScale.dataSync()[0]).toFixed(1)}`);
console.log(`accuracy after training: ${accuracy()}`);
