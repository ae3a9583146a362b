import { crossEntropy, UnsupportedOpError } from "@losses/core";
import { testBackend } from "@losses/conformance/vitest";
import { createBackend, toTfjs } from "@losses/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import { describe, expect, it } from "vitest";
import knownFailures from "../known-failures.json";
import { casesAtMost, fixtures } from "./fixtures.js";

setWasmPaths({
  "tfjs-backend-wasm.wasm": plain,
  "tfjs-backend-wasm-simd.wasm": simd,
  "tfjs-backend-wasm-threaded-simd.wasm": threaded,
});

const devices = ["wasm", "webgl", "webgpu"] as const;

// Small tensors too are computed on the device, as large ones are.
tf.env().set("WEBGL_CPU_FORWARD", false);
tf.env().set("WEBGPU_CPU_FORWARD", false);

for (const device of devices) {
  // A shader takes WebGL in software half a second to compile, and Node.js runs what wasm does here.
  const atMost = casesAtMost(device === "webgpu" ? 2 : 1);
  await testBackend(() => createBackend({ device, tf }), { id: `tfjs:${device}`, fixtures, atMost, knownFailures });
}

describe.each(devices)("training on %s", (device) => {
  it("minimises a loss step by step, and leaves no tensor behind", { timeout: 60_000 }, async () => {
    await tf.setBackend(device);
    const loss = toTfjs(crossEntropy(), { tf });
    const weights = tf.variable(tf.zeros([4, 4]));
    const target = tf.tensor1d([0, 1, 2, 3], "int32");
    const optimizer = tf.train.sgd(1);
    const step = (): void =>
      tf.tidy(() => void optimizer.minimize(() => loss({ input: weights, target }) as tf.Scalar));
    step();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 100; i++) step();
    expect(tf.memory().numTensors).toBe(before);
    const [value = Infinity] = await tf.tidy(() => loss({ input: weights, target })).data();
    expect(value).toBeLessThan(0.05);
    weights.dispose();
  });
});

describe("labels that webgpu has computed", () => {
  it("are refused by the synchronous path, which could not check them, until they have been read", async () => {
    await tf.setBackend("webgpu");
    const loss = toTfjs(crossEntropy(), { tf });
    const input = tf.tensor2d([[0, 0]]);
    const target = tf.cast(tf.add(tf.tensor1d([4]), 3), "int32");
    expect(() => loss({ input, target })).toThrow(UnsupportedOpError);
    await target.data();
    expect(() => loss({ input, target })).toThrow(/class indices in \[0, 1\]/);
    const compiled = await (await createBackend({ device: "webgpu", tf })).compile(crossEntropy());
    await expect(compiled.value({ input, target })).rejects.toThrow(/got 7/);
  });
});

it("tfjs:wasm with threads: a loss is code of its own in the shared memory", async () => {
  const backend = await createBackend({ device: "wasm" });
  expect(await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")).toBe(true);
  const loss = backend.compileSync(crossEntropy());
  // Kernels refuse this.
  const out = backend.tensor({ data: Float32Array.of(0), shape: [] });
  expect(loss.valueSync({ input: [[1, 2, 3]], target: [0] }, { out })).toBe(out);
  expect((await backend.read(out)).data[0]).toBeCloseTo(2.4076, 4);
  backend.release(out);
});
