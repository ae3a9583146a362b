import { allLosses, crossEntropy, type AnyLoss } from "@losses/core";
import { beforeAll, describe, expect, it } from "vitest";
import { createBackend, toTfjs, type TfTensor } from "../src/index.js";
import { devices, startEngines, tf } from "./support/engines.js";
import { sampleInputs } from "./support/samples.js";

beforeAll(startEngines);

function tensors(loss: AnyLoss): Record<string, TfTensor> {
  const inputs = Object.entries(sampleInputs(loss));
  return Object.fromEntries(
    inputs.map(([name, { data, shape }]) => [
      name,
      tf.tensor(data as Float32Array, [...shape], data instanceof Int32Array ? "int32" : "float32"),
    ]),
  );
}

function counts(): readonly number[] {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return [numTensors, numDataBuffers, numBytes];
}

describe.each(devices)("no tensor is left behind on %s", (device) => {
  it.each(allLosses.map((loss) => [loss.lossName, loss] as const))("by %s", async (_, loss) => {
    const backend = await createBackend({ device, tf });
    const compiled = backend.compileSync(loss());
    const plain = sampleInputs(loss);
    const own = tensors(loss);
    const before = counts();
    for (let i = 0; i < 60; i++) {
      for (const inputs of [plain, own]) {
        compiled.valueSync(inputs).dispose();
        const { value, grads } = compiled.valueAndGradSync(inputs);
        expect(Object.keys(grads).length).toBeGreaterThan(0);
        tf.dispose([value, ...Object.values(grads)]);
      }
    }
    expect(counts()).toEqual(before);
    tf.dispose(own);
  });

  it("by thousands of calls, nor by errors", async () => {
    const backend = await createBackend({ device, tf });
    const compiled = backend.compileSync(crossEntropy());
    const input = [[1, 2, 3], [3, 1, 2]]; // prettier-ignore
    const before = counts();
    for (let i = 0; i < 2000; i++) {
      const { value, grads } = compiled.valueAndGradSync({ input, target: Int32Array.of(0, 2) });
      tf.dispose([value, grads.input as TfTensor]);
      expect(() => compiled.valueSync({ input, target: Int32Array.of(0, 3) })).toThrow(/in \[0, 2\]/);
      expect(() => compiled.valueSync({ input, target: Int32Array.of(0) })).toThrow(/N = 2/);
    }
    expect(counts()).toEqual(before);
  });

  it.each(allLosses.map((loss) => [loss.lossName, loss] as const))("by %s inside tf.grads", async (_, loss) => {
    await tf.setBackend(device);
    for (const reduction of ["mean", "none"] as const) {
      const call = toTfjs(loss({ reduction }), { tf });
      const inputs = tensors(loss);
      const names = Object.keys(inputs).filter((name) => inputs[name]?.dtype === "float32");
      const gradients = tf.grads((...xs: TfTensor[]) =>
        call({ ...inputs, ...Object.fromEntries(names.map((name, i) => [name, xs[i] as TfTensor])) }),
      );
      const dy = tf.tidy(() => tf.fill(call(inputs).shape, 0.5));
      const before = counts();
      for (let i = 0; i < 20; i++) {
        tf.dispose(
          gradients(
            names.map((name) => inputs[name] as TfTensor),
            dy,
          ),
        );
        tf.dispose(call(inputs));
      }
      expect(counts()).toEqual(before);
      tf.dispose([dy, inputs]);
    }
    await tf.setBackend("cpu");
  });

  it("by an enclosing tidy", async () => {
    const backend = await createBackend({ device, tf });
    const compiled = backend.compileSync(crossEntropy());
    const before = counts();
    const kept = tf.tidy(() => compiled.valueAndGradSync({ input: [[1, 2]], target: Int32Array.of(0) }).value);
    expect(kept.isDisposed).toBe(false);
    kept.dispose();
    expect(counts()).toEqual(before);
  });
});
