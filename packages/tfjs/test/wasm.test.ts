import {
  barlowTwinsLoss,
  clipLoss,
  crossEntropy,
  defineSyncBackend,
  klDiv,
  LossesError,
  tripletMarginLoss,
  vseLoss,
  type LossSpec,
  type ShapedArray,
  type SyncCompiledLoss,
} from "@losses/core";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createBackend, type TfTensor } from "../src/index.js";
import { createEngine } from "../src/tfjsEngine.js";
import { startEngines, tf } from "./support/engines.js";

beforeAll(startEngines);

type Inputs = Readonly<Record<string, ShapedArray>>;

/** Numbers without a pattern. */
function noise(seed: number, ...shape: number[]): ShapedArray {
  const size = shape.reduce((product, dim) => product * dim, 1);
  let state = seed + 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 8) / 2 ** 24;
  };
  const data = Float32Array.from({ length: size }, next);
  return { data, shape };
}

function indices(below: number, n: number): ShapedArray {
  return { data: Int32Array.from({ length: n }, (_, i) => (7 * i) % below), shape: [n] };
}

function evaluate(device: string, code: "own" | "kernels", spec: LossSpec, inputs: Inputs): Record<string, number[]> {
  const compiled = defineSyncBackend(createEngine(tf, device, "now", code)).compileSync(spec);
  const { value, grads } = compiled.valueAndGradSync(inputs);
  const results = Object.entries({ value, ...grads }).flatMap(([name, tensor]) =>
    tensor ? [[name, tensor] as const] : [],
  );
  const numbers = Object.fromEntries(results.map(([name, tensor]) => [name, [...tensor.dataSync()]]));
  tf.dispose(results.map(([, tensor]) => tensor));
  return numbers;
}

function expectAgreement(spec: LossSpec, inputs: Inputs, code: "own" | "kernels"): void {
  const [want, got] = [evaluate("cpu", "kernels", spec, inputs), evaluate("wasm", code, spec, inputs)];
  expect(Object.keys(got)).toEqual(Object.keys(want));
  for (const [name, numbers] of Object.entries(want)) {
    const scale = Math.max(1e-3, ...numbers.filter(Number.isFinite).map(Math.abs));
    const far = numbers.flatMap((number, i) => {
      const other = got[name]?.[i];
      const isEqual = Number.isFinite(number)
        ? Math.abs((other ?? Number.NaN) - number) <= 2e-5 * scale
        : Object.is(other, number);
      return isEqual ? [] : [{ name, at: i, want: number, got: other }];
    });
    expect(far.slice(0, 5)).toEqual([]);
  }
}

/** Sizes with remainders: of vectors, of blocks of a matrix product, of blocks of a sum. */
const works: readonly (readonly [string, LossSpec, Inputs])[] = [
  ["class indices", crossEntropy(), { input: noise(1, 37, 1003), target: indices(1003, 37) }],
  ["long rows", crossEntropy({ labelSmoothing: 0.1 }), { input: noise(2, 3, 9001), target: indices(9001, 3) }],
  ["images", crossEntropy(), { input: noise(3, 2, 5, 7, 3), target: { ...indices(5, 42), shape: [2, 7, 3] } }],
  ["triplets", tripletMarginLoss(), { anchor: noise(4, 33, 13), positive: noise(5, 33, 13), negative: noise(6, 33, 13) }],
  ["swapped triplets", tripletMarginLoss({ swap: true }), { anchor: noise(7, 9, 6), positive: noise(8, 9, 6), negative: noise(9, 9, 6) }],
  ["matrix products", clipLoss(), { image: noise(10, 67, 301), text: noise(11, 67, 301), logitScale: { data: [3], shape: [] } }],
  ["hardest negatives", vseLoss({ maxViolation: true }), { image: noise(12, 161, 35), text: noise(13, 161, 35) }],
  ["all negatives", vseLoss({ similarity: "dot" }), { image: noise(14, 21, 40), text: noise(15, 21, 40) }],
  ["log space", klDiv({ logTarget: true, reduction: "batchmean" }), { input: noise(16, 70, 33), target: noise(17, 70, 33) }],
] as const; // prettier-ignore

describe.each(["own", "kernels"] as const)("wasm, %s code, agrees with cpu", (code) => {
  it.each(works)("on %s", (_, spec, inputs) => {
    expectAgreement(spec, inputs, code);
  });

  it.each([Number.NaN, Infinity])("on hardest negatives with %s in one of the inputs", (odd) => {
    const image = noise(18, 160, 20);
    const data = Float32Array.from(image.data as Float32Array);
    data[205] = odd;
    const spec = vseLoss({ maxViolation: true, similarity: "dot" }) as LossSpec;
    expectAgreement(spec, { image: { ...image, data }, text: noise(19, 160, 20) }, code);
    expectAgreement(spec, { image: noise(19, 160, 20), text: { ...image, data } }, code);
  });
});

interface Module {
  _malloc: (bytes: number) => number;
  _free: (address: number) => void;
  readonly HEAPU8: Uint8Array;
}
const moduleOf = (): Module => (tf.findBackend("wasm") as unknown as { wasm: Module }).wasm;

describe.each(["own", "kernels"] as const)("without memory, wasm, %s code,", (code) => {
  const compile = (spec: LossSpec): SyncCompiledLoss<TfTensor> =>
    defineSyncBackend(createEngine(tf, "wasm", "now", code)).compileSync(spec);

  /** Does something while the allocator has nothing larger than this. */
  function withLittle(most: number, work: () => void): void {
    const wasm = moduleOf();
    const { _malloc } = wasm;
    wasm._malloc = (bytes) => (bytes > most ? 0 : _malloc(bytes));
    try {
      work();
    } finally {
      wasm._malloc = _malloc;
    }
  }

  const bottom = (): readonly number[] => [...moduleOf().HEAPU8.subarray(0, 4096)];

  it("says so, with the cure, and touches nothing", async () => {
    await tf.setBackend("wasm");
    const embedding = (seed: number): TfTensor => tf.tensor2d(noise(seed, 64, 16).data as Float32Array, [64, 16]);
    const feeds = { image: embedding(20), text: embedding(21), logitScale: tf.scalar(1) };
    const loss = compile(clipLoss());
    const results = (): readonly number[][] => {
      const { value, grads } = loss.valueAndGradSync(feeds);
      const tensors = [value, ...Object.values(grads)].flatMap((tensor) => tensor ?? []);
      const numbers = tensors.map((tensor) => [...tensor.dataSync()]);
      tf.dispose(tensors);
      return numbers;
    };
    const want = results();
    const [before, start] = [tf.memory(), bottom()];
    // Nothing, then a little, then almost enough: the failure comes later and later.
    for (const most of [0, 8, 1024, 5000, 16_384 - 64]) {
      withLittle(most, () => {
        expect(results).toThrow(LossesError);
        expect(results).toThrow(
          /^tfjs:wasm: there must be \d+ bytes of memory for .*, got none\. Release tensors, or use smaller batches\.$/,
        );
      });
      expect(bottom()).toEqual(start);
    }
    expect(tf.memory()).toEqual(before);
    expect(results()).toEqual(want);
    tf.dispose(Object.values(feeds));
    await tf.setBackend("cpu");
  });

  it("refuses plain data that find no place", () => {
    const loss = compile(tripletMarginLoss());
    const feeds = { anchor: noise(1, 40, 16), positive: noise(2, 40, 16), negative: noise(3, 40, 16) };
    const start = bottom();
    withLittle(1024, () => {
      expect(() => loss.valueSync(feeds)).toThrow(
        "tfjs:wasm: there must be 2560 bytes of memory for a tensor, got none.",
      );
    });
    expect(bottom()).toEqual(start);
  });

  it("refuses sizes that 32 bits cannot say", () => {
    const n = 65_536;
    const feeds = { viewA: noise(22, 2, n), viewB: noise(23, 2, n) };
    expect(() => compile(barlowTwinsLoss()).valueAndGradSync(feeds)).toThrow(
      /^tfjs:wasm: there must be \d{11,12} bytes of memory for (a tensor|intermediate results), got none\./,
    );
  });
});

it("a tensor that TensorFlow.js has placed where there is no memory is refused", async () => {
  await tf.setBackend("wasm");
  const wasm = moduleOf();
  const { _malloc } = wasm;
  const bottom = wasm.HEAPU8.slice(0, 64);
  wasm._malloc = () => 0;
  const lost = tf.tensor2d([[1, 2]]);
  wasm._malloc = _malloc;
  const compiled = defineSyncBackend(createEngine(tf, "wasm")).compileSync(crossEntropy());
  expect(() => compiled.valueSync({ input: lost, target: [0] })).toThrow(
    "tfjs:wasm: input must be in memory, got a tensor for which TensorFlow.js found none. Dispose tensors, or use smaller batches.",
  );
  lost.dispose();
  wasm.HEAPU8.set(bottom);
  await tf.setBackend("cpu");
});

describe("in the memory of the wasm engine", () => {
  it("nothing stays taken", async () => {
    const backend = await createBackend({ device: "wasm", tf });
    const runAll = (): void => {
      for (const [, spec, inputs] of works) {
        const { value, grads } = backend.compileSync(spec).valueAndGradSync(inputs);
        tf.dispose([value, ...Object.values(grads)]);
      }
    };
    // Memory that is free is handed out from its start.
    const start = (): number => {
      const address = moduleOf()._malloc(64);
      moduleOf()._free(address);
      return address;
    };
    runAll();
    const before = start();
    for (let i = 0; i < 20; i++) runAll();
    expect(start()).toBe(before);
  });

  it("nothing has to be: where no new code is allowed, kernels compute", () => {
    const platform = globalThis as unknown as { WebAssembly: { Module: (bytes: Uint8Array) => void } };
    const refused = vi.spyOn(platform.WebAssembly, "Module").mockImplementation(function () {
      throw new Error("refused");
    });
    try {
      const [, spec, inputs] = works[0] as (typeof works)[number];
      expectAgreement(spec, inputs, "own");
      expect(refused).toHaveBeenCalled();
      const loss = defineSyncBackend(createEngine(tf, "wasm")).compileSync(spec);
      for (let i = 0; i < 2; i++) tf.dispose(loss.valueSync(inputs));
      expect(loss.uses()).toEqual([{ engine: "tfjs:wasm kernels", reason: "refused" }]);
    } finally {
      refused.mockRestore();
    }
  });

  it("says that programs run, and nothing of kernels elsewhere", () => {
    const [, spec, inputs] = works[0] as (typeof works)[number];
    for (const device of ["wasm", "cpu"]) {
      const loss = defineSyncBackend(createEngine(tf, device)).compileSync(spec);
      tf.dispose(loss.valueSync(inputs));
      expect(loss.uses()).toEqual([{ engine: `tfjs:${device}` }]);
    }
  });

  it("results go where they are wanted", async () => {
    const backend = await createBackend({ device: "wasm", tf });
    const loss = backend.compileSync(crossEntropy());
    const feeds = { input: tf.tensor2d([[1, 2, 3], [0, 1, 0]]), target: tf.tensor1d([0, 1], "int32") }; // prettier-ignore
    const want = loss.valueAndGradSync(feeds, { wrt: ["input"] });
    const out = { value: tf.scalar(0), grads: { input: tf.zeros([2, 3]) } };
    const before = tf.memory().numTensors;
    const got = loss.valueAndGradSync(feeds, { wrt: ["input"], out });
    expect(got.value).toBe(out.value);
    expect(got.grads.input).toBe(out.grads.input);
    expect(tf.memory().numTensors).toBe(before);
    expect([...out.grads.input.dataSync()]).toEqual([...(want.grads.input?.dataSync() ?? [])]);
    expect([...out.value.dataSync()]).toEqual([...want.value.dataSync()]);
    // Another name for the same memory
    const alias = tf.reshape(feeds.input, [2, 3]);
    expect(() => loss.valueAndGradSync(feeds, { out: { grads: { input: alias } } })).toThrow(/a tensor of its own/);
  });
});
