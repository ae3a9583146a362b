import { crossEntropy, klDiv } from "@losses/core";
import { toLayersLoss, toTfjs } from "@losses/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import type { Entries } from "../entries.js";
import { empty, list } from "../takes.js";
import { anything, type Entry } from "../walk.js";

export const entries: Entries = {
  createBackend: {
    args: () => [{ device: "cpu", tf }],
    takes: { nothing: anything, "0": empty },
    whole: ["0.tf"],
    once: true,
    result: (made) => (made as { readonly id: string }).id,
  },
  toTfjs: {
    args: () => [crossEntropy(), { tf, wrt: ["input"] }],
    takes: { "1": empty, "1.wrt": list(() => false) },
    whole: ["0", "1.tf"],
    once: true,
    result: () => "",
  },
  toLayersLoss: {
    args: () => [klDiv(), { tf, prediction: "input", truth: "target" }],
    takes: { "1": empty },
    whole: ["0", "1.tf"],
    once: true,
    result: () => "",
  },
};

/** What those functions give: functions themselves. */
export const made: Readonly<Record<string, Entry>> = {
  "toTfjs()": {
    call: (...args) =>
      toTfjs(klDiv(), { tf })(...(args as [{ readonly input: tf.Tensor; readonly target: tf.Tensor }])),
    args: () => [{ input: tf.tensor1d([-1, -2]), target: tf.tensor1d([0.5, 0.5]) }],
    whole: ["0.input", "0.target"],
    once: true,
    result: (value) => (value as tf.Tensor).dataSync()[0],
  },
  "toLayersLoss()": {
    call: (...args) => toLayersLoss(klDiv(), { tf })(...(args as [tf.Tensor, tf.Tensor])),
    args: () => [tf.tensor1d([-1, -2]), tf.tensor1d([0.5, 0.5])],
    whole: ["0", "1"],
  },
};
