import { DTypeError, defineLoss, float, InputError, OptionError, reduction, ShapeError } from "@losses/core";
import { describe, expect, it } from "vitest";
import { createBackend, createBackendSync, type JsTensor } from "../src/index.js";

const squaredError = defineLoss({
  name: "squaredError",
  summary: "Squared error.",
  formula: "(input - target)²",
  inputs: { input: float(["N", "D"], "Predictions."), target: float(["N", "D"], "Truth.") },
  options: { reduction: reduction("mean") },
  value: ({ input, target }) => input.sub(target).square(),
});

const feeds = {
  input: [
    [1, 2],
    [3, 4],
  ],
  target: [
    [0, 0],
    [0, 1],
  ],
};

describe("createBackend", () => {
  it("takes the fastest engine for each loss by default, and the one that is asked for", async () => {
    for (const backend of [await createBackend(), createBackendSync()]) {
      expect(backend).toMatchObject({ id: "js", device: "cpu", dtypes: ["float32", "float64"] });
    }
    expect(createBackendSync({ engine: "scalar" })).toMatchObject({
      id: "js:scalar",
      device: "cpu",
      dtypes: ["float32", "float64"],
    });
    expect(await createBackend({ engine: "wasm" })).toMatchObject({
      id: "js:wasm",
      device: "cpu",
      dtypes: ["float32"],
    });
  });

  it("refuses an engine that it does not have", async () => {
    const options = { engine: "cuda" } as unknown as { engine: "scalar" };
    await expect(createBackend(options)).rejects.toThrow(OptionError);
    expect(() => createBackendSync(options)).toThrow('js: option engine must be one of wasm, scalar, got "cuda".');
    expect(() => createBackendSync({ engine: "toString" } as unknown as { engine: "scalar" })).toThrow(OptionError);
    expect(() => createBackendSync({ device: "webgpu" } as object)).toThrow(
      "js: options must be among engine, threads, got the unknown option device.",
    );
    await expect(createBackend("wasm" as never)).rejects.toThrow(
      'js: options must be a plain object with engine, threads, got "wasm".',
    );
  });

  it("answers the same synchronously and asynchronously", async () => {
    const loss = createBackendSync().compileSync(squaredError());
    const now = loss.valueAndGradSync(feeds);
    expect(now.value.data).toEqual(Float32Array.of((1 + 4 + 9 + 9) / 4));
    expect(now.grads.input?.data).toEqual(Float32Array.of(0.5, 1, 1.5, 1.5));
    expect(now.grads.target?.data).toEqual(Float32Array.of(-0.5, -1, -1.5, -1.5));
    expect(await loss.valueAndGrad(feeds)).toEqual(now);
  });

  it("serves every batch size with one compiled loss, in any order", () => {
    const loss = createBackendSync().compileSync(squaredError({ reduction: "sum" }));
    for (const n of [1, 7, 64, 0, 1, 64, 2, 3, 4, 5, 7]) {
      const input = { data: new Float32Array(n * 3).fill(2), shape: [n, 3] };
      const target = { data: new Float32Array(n * 3).fill(0.5), shape: [n, 3] };
      const { value, grads } = loss.valueAndGradSync({ input, target });
      expect(value.data).toEqual(Float32Array.of(n * 3 * 2.25));
      expect(grads.input).toMatchObject({ shape: [n, 3], data: new Float32Array(n * 3).fill(3) });
    }
  });

  it("computes in float64 to float64's digits, and rounds once to float32", () => {
    const backend = createBackendSync();
    const data = { input: [[1.1]], target: [[0.3]] };
    const exact = (1.1 - 0.3) ** 2;
    const wide = backend.compileSync(squaredError(), { dtype: "float64" }).valueSync(data);
    expect(wide.data).toEqual(Float64Array.of((1.1 - 0.3) * (1.1 - 0.3)));
    expect(Math.abs((wide.data[0] ?? 0) - exact)).toBeLessThan(1e-15);
    const narrow = createBackendSync({ engine: "scalar" }).compileSync(squaredError()).valueSync(data);
    expect(narrow.data).toEqual(Float32Array.of((Math.fround(1.1) - Math.fround(0.3)) ** 2));
    expect(() => backend.compileSync(squaredError(), { dtype: "float16" })).toThrow(DTypeError);
  });
});

describe("tensors", () => {
  it("of the engine scalar keep the array that they are made of, and come back as they went in", async () => {
    const backend = createBackendSync({ engine: "scalar" });
    const data = Float32Array.of(1, 2, 3, 4);
    const input = backend.tensor({ data, shape: [2, 2] });
    expect(input.data).toBe(data);
    expect(backend.readSync(input)).toEqual({ data, shape: [2, 2], dtype: "float32" });
    expect(await backend.read(input)).toEqual(backend.readSync(input));
    backend.release(input);
    await backend.dispose();
  });

  it("are fed as they are, converted where the loss computes in another dtype", () => {
    const backend = createBackendSync();
    const input = backend.tensor(feeds.input);
    const target = backend.tensor(feeds.target, { dtype: "float64" });
    for (const dtype of ["float32", "float64"] as const) {
      const value = backend.compileSync(squaredError(), { dtype }).valueSync({ input, target });
      expect([...value.data]).toEqual([5.75]);
      expect(value.dtype).toBe(dtype);
    }
  });

  it("that were made elsewhere are checked like any plain data", () => {
    const loss = createBackendSync().compileSync(squaredError());
    const input = { data: Float32Array.of(1, 2, 3), shape: [2, 2], dtype: "float32" as const };
    expect(() => loss.valueSync({ ...feeds, input })).toThrow(ShapeError);
  });

  it("results are new in every run, and may be fed again", () => {
    const loss = createBackendSync().compileSync(squaredError({ reduction: "none" }));
    const first = loss.valueSync(feeds);
    const second = loss.valueSync({ input: first, target: feeds.target });
    expect([...first.data]).toEqual([1, 4, 9, 9]);
    expect([...second.data]).toEqual([1, 16, 81, 64]);
    expect(second.data).not.toBe(loss.valueSync({ input: first, target: feeds.target }).data);
  });

  it("results are not written over what is still read, nor over each other", () => {
    const backend = createBackendSync({ engine: "scalar" });
    const loss = backend.compileSync(squaredError());
    const storage = new Float32Array(10);
    const at = (start: number): JsTensor => backend.tensor({ data: storage.subarray(start, start + 4), shape: [2, 2] });
    const own = { input: at(0), target: at(6) };
    for (const start of [0, 3, 6]) {
      const out = { grads: { input: at(start) } };
      expect(() => loss.valueAndGradSync(own, { out })).toThrow(/a tensor of its own/);
    }
    // Plain arrays are used as they are, so this is the same memory.
    const plain = { data: storage.subarray(0, 4), shape: [2, 2] };
    expect(() => loss.valueAndGradSync({ ...feeds, input: plain }, { out: { grads: { input: at(2) } } })).toThrow(InputError); // prettier-ignore
    const both = { grads: { input: at(0), target: at(2) } };
    expect(() => loss.valueAndGradSync(feeds, { out: both })).toThrow(InputError);
    expect(loss.valueAndGradSync(feeds, { out: { grads: { input: at(0), target: at(4) } } }).value.data[0]).toBe(5.75);
  });

  it("inputs are never written to", () => {
    const loss = createBackendSync().compileSync(squaredError());
    const input = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };
    loss.valueAndGradSync({ ...feeds, input });
    expect([...input.data]).toEqual([1, 2, 3, 4]);
  });
});
