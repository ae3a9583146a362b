// Loss and gradient through @losses/tfjs against the same loss written in tf ops with tf.valueAndGrads.
// node bench/gradient.mjs [device] [rounds]: medians of alternating rounds, and their ratio (below 1: ours is faster).
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-layers"; // registers the gradients of tf ops
import { clipLoss, crossEntropy, klDiv, tripletMarginLoss, vseLoss } from "@losses/core";
import { createBackend, toTfjs } from "../dist/index.js";

const [device = "wasm", rounds = "9"] = process.argv.slice(2);
await tf.setBackend(device);
const backend = await createBackend({ device });

const normal = (...shape) => tf.randomNormal(shape);
const unit = (x) => tf.div(x, tf.norm(x, 2, 1, true));

function crossEntropyWork(name, n, c) {
  const input = normal(n, c);
  const target = tf.randomUniform([n], 0, c, "int32");
  const byHand = (x) => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(x), tf.oneHot(target, c)), 1)));
  return { name, spec: crossEntropy(), feeds: { input, target }, by: ["input"], byHand };
}

function tripletWork(name, n, d) {
  const feeds = { anchor: normal(n, d), positive: normal(n, d), negative: normal(n, d) };
  const distance = (x, y) => tf.sqrt(tf.sum(tf.square(tf.add(tf.sub(x, y), 1e-6)), 1));
  const byHand = (a, p, n) => tf.mean(tf.relu(tf.add(tf.sub(distance(a, p), distance(a, n)), 1)));
  return { name, spec: tripletMarginLoss(), feeds, by: ["anchor", "positive", "negative"], byHand };
}

function clipWork(name, n, d) {
  const logitScale = tf.scalar(1 / 0.07);
  const feeds = { image: unit(normal(n, d)), text: unit(normal(n, d)), logitScale };
  const eye = tf.eye(n);
  const half = (logits) => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), eye), 1)));
  const byHand = (image, text) => {
    const logits = tf.mul(tf.matMul(image, text, false, true), logitScale);
    return tf.mul(tf.add(half(logits), half(tf.transpose(logits))), 0.5);
  };
  return { name, spec: clipLoss(), feeds, by: ["image", "text"], byHand };
}

function vseWork(name, n, d) {
  const feeds = { image: unit(normal(n, d)), text: unit(normal(n, d)) };
  const other = tf.sub(1, tf.eye(n));
  const diagonal = tf.eye(n);
  const byHand = (image, text) => {
    const scores = tf.matMul(image, text, false, true);
    const own = tf.sum(tf.mul(scores, diagonal), 1, true);
    const captions = tf.mul(tf.relu(tf.add(tf.sub(scores, own), 0.2)), other);
    const images = tf.mul(tf.relu(tf.add(tf.sub(scores, tf.transpose(own)), 0.2)), other);
    return tf.add(tf.sum(tf.max(captions, 1)), tf.sum(tf.max(images, 0)));
  };
  return { name, spec: vseLoss({ maxViolation: true, similarity: "dot" }), feeds, by: ["image", "text"], byHand };
}

function klWork(name, n, c) {
  const feeds = { input: tf.logSoftmax(normal(n, c)), target: tf.logSoftmax(normal(n, c)) };
  const byHand = (p, q) => tf.mean(tf.mul(tf.exp(q), tf.sub(q, p)));
  return { name, spec: klDiv({ logTarget: true }), feeds, by: ["input", "target"], byHand };
}

const works = [
  crossEntropyWork("W1a cross entropy 4096x1000", 4096, 1000),
  tripletWork("W2 triplet 65536x128", 65536, 128),
  clipWork("W3a CLIP 1024x512", 1024, 512),
  vseWork("W4 VSE++ 1024x1024", 1024, 1024),
  klWork("W5 KL of log space 4096x1000", 4096, 1000),
  tripletWork("W7a triplet 32x128", 32, 128),
  crossEntropyWork("W7b cross entropy 32x10", 32, 10),
];

function time(run) {
  const start = performance.now();
  let calls = 0;
  do {
    tf.dispose(run());
    calls += 1;
  } while (performance.now() - start < 25);
  return (performance.now() - start) / calls;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

for (const { name, spec, feeds, by, byHand } of works.filter(({ name }) => name.includes(process.argv[4] ?? ""))) {
  const compiled = backend.compileSync(spec);
  const inTf = toTfjs(spec, { tf, wrt: by });
  const xs = by.map((input) => feeds[input]);
  const named = (list) => ({ ...feeds, ...Object.fromEntries(by.map((input, i) => [input, list[i]])) });
  const peers = {
    hand: () => tf.valueAndGrads(byHand)(xs),
    compiled: () => compiled.valueAndGradSync(feeds, { wrt: by }),
    toTfjs: () => tf.valueAndGrads((...list) => inTf(named(list)))(xs),
  };
  const times = Object.fromEntries(Object.keys(peers).map((peer) => [peer, []]));
  for (const run of Object.values(peers)) time(run);
  for (let round = 0; round < Number(rounds); round++) for (const peer in peers) times[peer].push(time(peers[peer]));
  const ratio = (peer) => median(times[peer].map((t, i) => t / times.hand[i])).toFixed(3);
  const ms = Object.values(times).map((list) => median(list).toFixed(3).padStart(9));
  console.log(
    `${name.padEnd(30)} hand ${ms[0]} ms  compiled ${ms[1]} ms (${ratio("compiled")})  toTfjs ${ms[2]} ms (${ratio("toTfjs")})`,
  );
}
