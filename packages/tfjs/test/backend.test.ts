import {
  BackendUnavailableError,
  DTypeError,
  InputError,
  crossEntropy,
  defineLoss,
  float,
  klDiv,
  reduction,
  tripletMarginLoss,
} from "@losses/core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createBackend, toTfjs, type Tf, type TfTensor } from "../src/index.js";
import { devices, startEngines, tf } from "./support/engines.js";

beforeAll(startEngines);
afterEach(() => tf.setBackend("cpu"));

const input = [[1, 2, 3], [3, 1, 2]]; // prettier-ignore
const target = Int32Array.of(2, 2);
// -log softmax at the targets: log(1 + e⁻¹ + e⁻²) and 1 + the same
const expected = Math.log(1 + Math.exp(-1) + Math.exp(-2)) + 0.5;

describe.each(devices)("a backend on %s", (device) => {
  it("answers with tensors of TensorFlow.js, synchronously and not", async () => {
    const backend = await createBackend({ device });
    expect([backend.id, backend.device, backend.dtypes]).toEqual([`tfjs:${device}`, device, ["float32"]]);
    const loss = backend.compileSync(crossEntropy());
    const value = loss.valueSync({ input, target });
    expect(value).toBeInstanceOf(tf.Tensor);
    expect(value.dataSync()[0]).toBeCloseTo(expected, 6);
    const { grads } = await (await backend.compile(crossEntropy())).valueAndGrad({ input, target });
    expect(grads.input?.shape).toEqual([2, 3]);
    const softmax = 1 / (1 + Math.exp(-1) + Math.exp(-2));
    expect(grads.input?.dataSync()[2]).toBeCloseTo((softmax - 1) / 2, 6);
    expect(backend.readSync(value).data[0]).toBe(value.dataSync()[0]);
  });

  it("takes the user's tensors, wherever they live and of every dtype", async () => {
    const backend = await createBackend({ device });
    const compiled = backend.compileSync(crossEntropy());
    for (const current of devices) {
      await tf.setBackend(current);
      const own = tf.tensor2d(input);
      const labels = tf.tensor1d([2, 2], "int32");
      expect(compiled.valueSync({ input: own, target: labels }).dataSync()[0]).toBeCloseTo(expected, 6);
      expect([own.isDisposed, labels.isDisposed]).toEqual([false, false]);
      expect(tf.add(own, 1).dataSync()[0]).toBe(2);
    }
    expect(() => compiled.valueSync({ input: tf.tensor2d(input, [2, 3], "bool"), target })).toThrow(DTypeError);
  });

  it("leaves the current engine as it was, also when a loss throws", async () => {
    const other = device === "cpu" ? "wasm" : "cpu";
    const backend = await createBackend({ device });
    const loss = backend.compileSync(crossEntropy());
    await tf.setBackend(other);
    const instance = tf.backend();
    const value = loss.valueSync({ input, target });
    expect(() => loss.valueSync({ input, target: Int32Array.of(7, 0) })).toThrow(InputError);
    expect(tf.getBackend()).toBe(other);
    expect(tf.backend()).toBe(instance);
    expect(tf.add(value, tf.scalar(1)).dataSync()[0]).toBeCloseTo(expected + 1, 6);
  });

  it("keeps 4 million terms to six digits", async () => {
    const backend = await createBackend({ device });
    const error = defineLoss({
      name: "absoluteError",
      summary: "Mean absolute error.",
      formula: "mean |x|",
      inputs: { x: float(["~d"], "Errors.") },
      options: { reduction: reduction() },
      value: ({ x }) => x.abs(),
    });
    const length = 4_000_037;
    const x = Float32Array.from({ length }, (_, i) => Math.fround(Math.sin(i) * Math.sin(i)));
    const exact = x.reduce((sum, item) => sum + item, 0) / length;
    const value = backend.compileSync(error()).valueSync({ x });
    expect(Math.abs((value.dataSync()[0] ?? 0) / exact - 1)).toBeLessThan(1e-6);
  });

  it("gives empty batches their defined results", async () => {
    const backend = await createBackend({ device });
    const empty = { data: new Float32Array(0), shape: [0, 3] };
    const feeds = { anchor: empty, positive: empty, negative: empty };
    const mean = backend.compileSync(tripletMarginLoss()).valueAndGradSync(feeds);
    const sum = backend.compileSync(tripletMarginLoss({ reduction: "sum" })).valueAndGradSync(feeds);
    expect(mean.value.dataSync()[0]).toBeNaN();
    expect(sum.value.dataSync()[0]).toBe(0);
    expect(sum.grads.anchor?.shape).toEqual([0, 3]);
  });

  it("refuses tensors that it cannot compute with", async () => {
    const backend = await createBackend({ device });
    const loss = backend.compileSync(klDiv());
    const gone = tf.tensor1d([1, 2]);
    gone.dispose();
    expect(() => loss.valueSync({ input: gone, target: [1, 2] })).toThrow(InputError);
    expect(() => loss.valueSync({ input: tf.tensor1d(["a", "b"]), target: [1, 2] })).toThrow(DTypeError);
    expect(() => backend.compileSync(klDiv(), { dtype: "float64" })).toThrow(DTypeError);
  });

  it("refuses to work when disposed", async () => {
    const backend = await createBackend({ device });
    const loss = backend.compileSync(crossEntropy());
    await backend.dispose();
    expect(() => loss.valueSync({ input, target })).toThrow(/disposed/);
  });
});

describe("the choice of an engine", () => {
  it("is the current one by default", async () => {
    await tf.setBackend("wasm");
    expect((await createBackend()).id).toBe("tfjs:wasm");
  });

  it("must be made when none is current", async () => {
    const none = fakeTf({ getBackend: () => "" });
    await expect(createBackend({ tf: none })).rejects.toThrow(/device must be chosen/);
    await expect(createBackend({ tf: none })).rejects.toThrow(BackendUnavailableError);
  });

  it("is refused with the reason and the cure when the engine is not installed", async () => {
    const refused = createBackend({ device: "webgl" });
    await expect(refused).rejects.toThrow(/npm install @tensorflow\/tfjs-backend-webgl@4/);
    const error: unknown = await refused.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(BackendUnavailableError);
    expect((error as BackendUnavailableError).reasons).toHaveLength(1);
    expect(tf.getBackend()).toBe("cpu");
  });

  it("is refused when no engine has that name", async () => {
    await expect(createBackend({ device: "cuda" as "cpu" })).rejects.toThrow(
      /"cuda".*cpu \(@tensorflow\/tfjs-backend-cpu\), wasm .*, tensorflow \(@tensorflow\/tfjs-node\)/s,
    );
  });

  it("is refused when the engine fails to start", async () => {
    tf.registerBackend("broken", () => {
      throw new Error("no memory");
    });
    await expect(createBackend({ device: "broken" as "cpu" })).rejects.toThrow(
      /"broken": it failed to start: no memory/,
    );
    expect(tf.getBackend()).toBe("cpu");
    tf.removeBackend("broken");
  });

  it("is refused when the engine computes with half precision, also as the current engine", async () => {
    registerPretended("half", 11);
    await expect(createBackend({ device: "half" as "cpu" })).rejects.toThrow(/16-bit floats.*"wasm" or "cpu"/);
    await tf.setBackend("half");
    const [x, y] = [tf.tensor1d([0]), tf.tensor1d([1])];
    expect(() => toTfjs(klDiv(), { tf })({ input: x, target: y })).toThrow(/half computes with 16-bit floats/);
    await tf.setBackend("cpu");
    tf.removeBackend("half");
  });

  it("is granted when the engine only says that its precision is half, as webgl does", async () => {
    registerPretended("modest", 24);
    expect((await createBackend({ device: "modest" as "cpu" })).id).toBe("tfjs:modest");
    tf.removeBackend("modest");
  });

  it("works without the internals that make switching fast", async () => {
    const engine = tf.engine();
    const kernels = {
      makeTensorFromTensorInfo: engine.makeTensorFromTensorInfo.bind(engine),
      removeDataId: engine.removeDataId.bind(engine),
    };
    const strange = fakeTf({ engine: () => kernels as unknown as ReturnType<Tf["engine"]> });
    const backend = await createBackend({ device: "wasm", tf: strange });
    expect(tf.getBackend()).toBe("cpu");
    const value = backend.compileSync(crossEntropy()).valueSync({ input, target });
    expect(value.dataSync()[0]).toBeCloseTo(expected, 6);
    expect(tf.getBackend()).toBe("cpu");
  });
});

/** An engine that says that it has 16-bit floats, and rounds sums and differences to some bits. */
function registerPretended(name: string, bits: number): void {
  const engine = tf.findBackendFactory("cpu")() as ReturnType<typeof tf.backend>;
  engine.floatPrecision = () => 16;
  tf.registerBackend(name, () => engine);
  const round = (x: number): number => {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(x) || 1)) + 1 - bits);
    return Math.round(x / unit) * unit;
  };
  for (const kernelName of ["Fill", "Add", "Sub"]) {
    const kernel = tf.getKernel(kernelName, "cpu");
    tf.registerKernel({
      kernelName,
      backendName: name,
      kernelFunc: (call) => {
        const result = kernel.kernelFunc(call) as TfTensor;
        const values = engine.readSync(result.dataId) as Float32Array;
        values.forEach((value, i) => (values[i] = round(value)));
        return result;
      },
    });
  }
}

/** TensorFlow.js with some of its functions replaced. */
function fakeTf(changes: Partial<Tf>): Tf {
  return { ...tf, ...changes };
}
