import {
  allInputs,
  allLosses,
  crossEntropy,
  defineSyncBackend,
  LossesError,
  type AnyLoss,
  type PlainTensor,
  type ShapedArray,
} from "@losses/core";
import { beforeAll, describe, expect, it } from "vitest";
import { createBackend, toTfjs, type TfTensor } from "../src/index.js";
import { createEngine } from "../src/tfjsEngine.js";
import { devices, startEngines, tf } from "./support/engines.js";
import { reductionsOf, sampleInputs } from "./support/samples.js";

beforeAll(startEngines);

function tensors(loss: AnyLoss): Record<string, TfTensor> {
  const tensor = ({ data, shape }: ShapedArray): TfTensor => {
    const dtype = data instanceof Int32Array ? "int32" : data instanceof Uint8Array ? "bool" : "float32";
    return tf.tensor(data as Float32Array, [...shape], dtype);
  };
  const samples: readonly (readonly [string, ShapedArray | readonly ShapedArray[]])[] = Object.entries(
    sampleInputs(loss),
  );
  const made = samples.map(
    ([name, sample]) => [name, "shape" in sample ? tensor(sample) : sample.map(tensor)] as const,
  );
  return Object.fromEntries(made) as Record<string, TfTensor>;
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
    // The first call with each kind of input compiles.
    for (let i = 0; i < 2; i++) {
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

  it("by a kernel that fails half-way", () => {
    const kernel = tf.getKernel("Log", device);
    const compiled = defineSyncBackend(createEngine(tf, device, "now", "kernels")).compileSync(crossEntropy());
    const feeds = { input: [[1, 2]], target: Int32Array.of(0) };
    const before = counts();
    for (let i = 0; i < 50; i++) {
      tf.unregisterKernel("Log", device);
      try {
        expect(() => compiled.valueAndGradSync(feeds)).toThrow(/must have the kernel Log/);
        tf.registerKernel({
          ...kernel,
          kernelFunc: () => {
            throw new Error("out of memory");
          },
        });
        expect(() => compiled.valueSync(feeds)).toThrow(/out of memory/);
        tf.unregisterKernel("Log", device);
      } finally {
        tf.registerKernel(kernel);
      }
    }
    compiled.valueSync(feeds).dispose();
    expect(counts()).toEqual(before);
  });

  it.each(allLosses.map((loss) => [loss.lossName, loss] as const))("by %s inside tf.grads", async (_, loss) => {
    await tf.setBackend(device);
    for (const reduction of reductionsOf(loss, ["mean", "none"])) {
      const call = toTfjs(loss({ reduction }), { tf });
      const inputs = tensors(loss);
      const all = Object.entries(inputs as Readonly<Record<string, TfTensor | readonly TfTensor[]>>);
      const floats = all.flatMap(([, given]) => [given].flat()).filter(({ dtype }) => dtype === "float32");
      const gradients = tf.grads((...xs: TfTensor[]) => {
        const own = (tensor: TfTensor): TfTensor => xs[floats.indexOf(tensor)] ?? tensor;
        const given = all.map(([name, one]) => [name, "shape" in one ? own(one) : one.map(own)] as const);
        return call(Object.fromEntries(given) as Record<string, TfTensor>);
      });
      const dy = tf.tidy(() => tf.fill(call(inputs).shape, 0.5));
      const before = counts();
      for (let i = 0; i < 6; i++) {
        tf.dispose(gradients(floats, dy));
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

/** One loss of each family is called 2,000 times, the others 100 times. */
const firsts = new Set(new Map([...allLosses].reverse().map((loss) => [loss.definition.family, loss])).values());
const callsOf = (loss: AnyLoss): number => (firsts.has(loss) ? 2000 : 100);

// After each pair a call that is refused.
describe("thousands of values, gradients and refused calls on wasm leave no tensor behind", () => {
  it.each(allLosses.map((loss) => [loss.lossName, loss] as const))("by %s", { timeout: 60_000 }, async (_, loss) => {
    const backend = await createBackend({ device: "wasm", tf });
    const compiled = backend.compileSync(loss());
    const [plain, own] = [sampleInputs(loss), tensors(loss)];
    const bad = badInputs(loss, plain);
    const before = counts();
    for (let i = 0; i < callsOf(loss); i++) {
      compiled.valueSync(own).dispose();
      const { value, grads } = compiled.valueAndGradSync(i % 2 === 0 ? own : plain);
      tf.dispose([value, ...Object.values(grads)]);
      expect(() => compiled.valueSync(bad[i % bad.length] ?? {})).toThrow(LossesError);
    }
    expect(counts()).toEqual(before);
    tf.dispose(own);
  });
});

type Inputs = Readonly<Record<string, ShapedArray>>;

/** A tensor that is gone, a shape that does not fit, and, where there are classes, one that is none of them. */
function badInputs(loss: AnyLoss, inputs: Inputs): readonly Readonly<Record<string, TfTensor | PlainTensor>>[] {
  const [name = ""] = Object.keys(inputs);
  const gone = tf.tensor1d([1]);
  gone.dispose();
  const strange: Inputs = { [name]: { data: Int32Array.of(1, 2), shape: [1, 1, 1, 1, 1, 1, 2] } };
  const indices = Object.entries(allInputs(loss.definition)).filter(
    ([input, { forms }]) =>
      inputs[input]?.data instanceof Int32Array &&
      forms.some(({ holds }) => holds.kind === "index" && holds.below !== undefined),
  );
  const outside = indices.map(([index]) => {
    const { data, shape } = inputs[index] ?? { data: [], shape: [] };
    return { ...inputs, [index]: { data: new Int32Array(data.length).fill(99), shape } };
  });
  return [{ ...inputs, [name]: gone }, { ...inputs, ...strange }, { ...inputs, unknown: 1 }, ...outside];
}
