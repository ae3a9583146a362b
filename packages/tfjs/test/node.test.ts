import {
  allLosses,
  BackendUnavailableError,
  crossEntropy,
  defineLoss,
  float,
  InputError,
  reduction,
} from "@losses/core";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { importEngine } from "../src/importEngine.js";
import { createBackend, toTfjs, type TfTensor } from "../src/index.js";
import { startEngines, tf } from "./support/engines.js";
import { registerNodeEngine, removeNodeEngine } from "./support/nodeEngine.js";
import { sampleInputs } from "./support/samples.js";

// tfjs-node is a native add-on that does not install everywhere. What importing it does is played here.
vi.mock("../src/importEngine.js", () => ({ importEngine: vi.fn() }));
const importing = vi.mocked(importEngine);

beforeAll(startEngines);

afterEach(async () => {
  await tf.setBackend("cpu");
  removeNodeEngine();
  importing.mockReset();
});

const input = [[1, 2, 3], [3, 1, 2]]; // prettier-ignore
const target = Int32Array.of(2, 2);
const expected = Math.log(1 + Math.exp(-1) + Math.exp(-2)) + 0.5;

async function refusal(): Promise<BackendUnavailableError> {
  const error: unknown = await createBackend({ device: "tensorflow" }).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(BackendUnavailableError);
  expect(tf.getBackend()).toBe("cpu");
  return error as BackendUnavailableError;
}

describe("tfjs-node is unavailable, with the reason and the cure,", () => {
  it("when it is not installed", async () => {
    importing.mockRejectedValue(new Error("Cannot find package '@tensorflow/tfjs-node' imported from devices.js"));
    expect((await refusal()).message).toMatch(/\. Run: npm install @tensorflow\/tfjs-node@4[.\d]+$/);
  });

  it("when it is installed without its native library", async () => {
    importing.mockRejectedValue(
      new Error("The native addon module (tfjs_binding.node) can not be found at path: x. \nPlease run"),
    );
    const { message, reasons } = await refusal();
    expect(reasons).toEqual([
      expect.stringMatching(/^@tensorflow\/tfjs-node could not be imported \(The native addon module .*path: x\)\. /),
    ]);
    expect(message).toContain("npm rebuild @tensorflow/tfjs-node");
    expect(message).not.toContain("npm install");
  });

  it("when it starts and cannot compute, as on a Node that is too new for it", async () => {
    importing.mockImplementation(async () => {
      registerNodeEngine();
      const kernelFunc = (): never => {
        throw new TypeError("(0 , util_1.isNullOrUndefined) is not a function");
      };
      tf.unregisterKernel("Add", "tensorflow");
      tf.registerKernel({ kernelName: "Add", backendName: "tensorflow", kernelFunc });
    });
    const before = tf.memory().numTensors;
    expect((await refusal()).message).toMatch(/fails to compute: .*isNullOrUndefined.*needs Node 22 or older/);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("tfjs-node, as the device tensorflow,", () => {
  beforeEach(() => {
    importing.mockImplementation(async () => registerNodeEngine());
  });

  it.each(["cpu", "wasm"])("leaves %s the current engine, though importing it changes that", async (current) => {
    await tf.setBackend(current);
    const instance = tf.backend();
    const backend = await createBackend({ device: "tensorflow" });
    expect([backend.id, tf.getBackend()]).toEqual(["tfjs:tensorflow", current]);
    expect(tf.backend()).toBe(instance);
    const value = backend.compileSync(crossEntropy()).valueSync({ input, target });
    expect(value.dataSync()[0]).toBeCloseTo(expected, 6);
    expect(tf.getBackend()).toBe(current);
  });

  it("leaves alone an engine that the user chooses meanwhile", async () => {
    importing.mockImplementation(async () => {
      registerNodeEngine();
      await tf.setBackend("wasm");
    });
    await createBackend({ device: "tensorflow" });
    expect(tf.getBackend()).toBe("wasm");
  });

  it("stays the current engine where it is, and is not imported again", async () => {
    registerNodeEngine();
    expect((await createBackend()).id).toBe("tfjs:tensorflow");
    expect(tf.getBackend()).toBe("tensorflow");
    expect(importing).not.toHaveBeenCalled();
  });

  it("gives every loss the values and gradients of the cpu engine, and leaves no tensor behind", async () => {
    const node = await createBackend({ device: "tensorflow" });
    const cpu = await createBackend({ device: "cpu" });
    const before = tf.memory().numTensors;
    for (const loss of allLosses) {
      const inputs = sampleInputs(loss);
      const [ours, theirs] = [node, cpu].map((backend) => backend.compileSync(loss()).valueAndGradSync(inputs));
      const names = Object.keys(theirs?.grads ?? {});
      expect([loss.lossName, ...names]).toEqual([loss.lossName, ...Object.keys(ours?.grads ?? {})]);
      const all = (result: typeof ours): readonly (TfTensor | undefined)[] => [
        result?.value,
        ...names.flatMap((name) => result?.grads[name]),
      ];
      const pairs = all(ours).map((own, i) => [own, all(theirs)[i]] as const);
      for (const [own, other] of pairs) {
        const wanted = other?.dataSync() ?? [];
        own?.dataSync().forEach((x, i) => {
          const y = wanted[i] ?? Infinity;
          if (Number.isFinite(y)) expect(Math.abs(x - y)).toBeLessThan(1e-5 * (1 + Math.abs(y)));
          else expect(x).toBe(y);
        });
        tf.dispose([own, other] as TfTensor[]);
      }
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it("hands tensors to the kernels that take nothing else, and frees them", async () => {
    const cubes = defineLoss({
      name: "cubes",
      summary: "Cubes of numbers from -2 on.",
      formula: "max(x, -2)³",
      inputs: { x: float(["~d"], "Numbers.") },
      options: { reduction: reduction() },
      value: ({ x }) => x.clampMin(-2).pow(3),
    });
    const compiled = (await createBackend({ device: "tensorflow" })).compileSync(cubes({ reduction: "sum" }));
    const before = tf.memory().numTensors;
    const { value, grads } = compiled.valueAndGradSync({ x: [2, -5, 1] });
    expect(value.dataSync()[0]).toBeCloseTo(8 - 8 + 1, 5);
    expect([...(grads.x?.dataSync() ?? [])].map(Math.round)).toEqual([12, 0, 3]);
    tf.dispose([value, grads.x as TfTensor]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("trains as the current engine, and refuses bad labels", async () => {
    await createBackend({ device: "tensorflow" });
    await tf.setBackend("tensorflow");
    const weights = tf.variable(tf.zeros([2, 3]));
    const loss = toTfjs(crossEntropy(), { tf });
    const labels = tf.tensor1d([2, 2], "int32");
    const optimizer = tf.train.sgd(1);
    for (let i = 0; i < 50; i++) optimizer.minimize(() => loss({ input: weights, target: labels }) as tf.Scalar);
    expect([...tf.argMax(weights, 1).dataSync()]).toEqual([2, 2]);
    expect(() => loss({ input: weights, target: tf.tensor1d([2, 7], "int32") })).toThrow(InputError);
  });
});
