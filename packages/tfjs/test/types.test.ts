import { clipLoss, crossEntropy, klDiv, tripletMarginLoss } from "@losses/core";
import { beforeAll, describe, expect, it } from "vitest";
import { createBackend, toLayersLoss, toTfjs, type TfTensor } from "../src/index.js";
import { startEngines, tf } from "./support/engines.js";

let x: TfTensor;

beforeAll(async () => {
  await startEngines();
  x = tf.tensor2d([[1, 2]]);
});

// What the compiler refuses, and what happens where there is no compiler.
describe("types refuse, as the running code does,", () => {
  it("inputs that a loss does not have, or lacks", () => {
    const triplet = toTfjs(tripletMarginLoss(), { tf });
    // @ts-expect-error: negative is missing
    expect(() => triplet({ anchor: x, positive: x })).toThrow(/negative/);
    // @ts-expect-error: it is called anchor
    expect(() => triplet({ anchors: x, positive: x, negative: x })).toThrow(/anchor/);
    // @ts-expect-error: crossEntropy has a weight, klDiv has none
    expect(() => toTfjs(klDiv(), { tf })({ input: x, target: x, weight: x })).toThrow(/weight/);
    expect(toTfjs(crossEntropy(), { tf })({ input: x, target: x, weight: tf.tensor1d([1, 1]) }).rank).toBe(0);
  });

  it("inputs that are not tensors", () => {
    const loss = toTfjs(klDiv(), { tf });
    // @ts-expect-error: plain data is for compiled losses
    const call = (): unknown => loss({ input: "x", target: x });
    expect(call).toThrow();
  });

  it("options that a loss does not have, or of another type", () => {
    // @ts-expect-error: no such reduction
    expect(() => toTfjs(crossEntropy({ reduction: "average" }), { tf })).toThrow(/reduction/);
    // @ts-expect-error: only klDiv has it
    expect(() => toTfjs(crossEntropy({ reduction: "batchmean" }), { tf })).toThrow(/reduction/);
    // @ts-expect-error: a number
    expect(() => toTfjs(tripletMarginLoss({ margin: "1" }), { tf })).toThrow(/margin/);
    // @ts-expect-error: camelCase
    expect(() => toTfjs(crossEntropy({ label_smoothing: 0.1 }), { tf })).toThrow(/label_smoothing/);
  });

  it("names in wrt, prediction and truth that are no inputs", () => {
    // @ts-expect-error: it is called image
    expect(() => toTfjs(clipLoss(), { tf, wrt: ["images"] })).toThrow(/images/);
    // @ts-expect-error: it is called input
    expect(() => toLayersLoss(crossEntropy(), { tf, prediction: "logits" })).toThrow(/logits/);
  });

  it("a loss that was not called, and engines that do not exist", async () => {
    // @ts-expect-error: crossEntropy()
    expect(() => toTfjs(crossEntropy, { tf })).toThrow(/Call it first/);
    // @ts-expect-error: no such engine
    await expect(createBackend({ device: "gpu" })).rejects.toThrow(/"gpu"/);
    // @ts-expect-error: no such option
    await expect(createBackend({ device: "cpu", backend: "wasm" })).rejects.toThrow(/unknown option backend/);
    // @ts-expect-error: it is an option
    await expect(createBackend("wasm")).rejects.toThrow(/plain object with device, tf, got "wasm"/);
  });

  it("gradients by names that the loss does not have", async () => {
    const loss = (await createBackend({ device: "cpu", tf })).compileSync(klDiv());
    // @ts-expect-error: it is called input
    expect(() => loss.valueAndGradSync({ input: x, target: x }, { wrt: ["inputs"] })).toThrow(/inputs/);
    const { grads } = loss.valueAndGradSync({ input: x, target: x });
    // @ts-expect-error: it is called input
    expect(grads.inputs).toBeUndefined();
    expect(grads.input?.shape).toEqual([1, 2]);
  });
});
