import {
  bindInputs,
  crossEntropy,
  float,
  InputError,
  LossesError,
  OptionError,
  traceLoss,
  tripletMarginLoss,
  UnsupportedOpError,
  type LossSpec,
  type Tensor,
} from "@losses/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createBackend, createBackendSync, type JsTensor } from "../src/index.js";
import { wasmEngine } from "../src/wasm/engine.js";
import { functionOf, wasmVariants } from "./support.js";

const sum = functionOf({ x: float(["N"], "x"), y: float(["N"], "y") }, ({ x, y }) => (x as Tensor).add(y as Tensor));
const ones = (length: number): JsTensor["data"] => new Float32Array(length).fill(1);

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("tensors in the memory of the engine", () => {
  it("are copies, and come back as copies", () => {
    const backend = createBackendSync({ engine: "wasm" });
    const data = Float32Array.of(1, 2, 3);
    const x = backend.tensor(data);
    data[0] = 9;
    expect([...x.data]).toEqual([1, 2, 3]);
    const read = backend.readSync(x);
    x.data[1] = 7;
    expect([...read.data]).toEqual([1, 2, 3]);
    expect([...backend.compileSync(sum).valueSync({ x, y: data }).data]).toEqual([10, 9, 6]);
  });

  it("stay what they are when the memory grows, and when what is fed is in it", () => {
    const backend = createBackendSync({ engine: "wasm" });
    const loss = backend.compileSync(sum);
    const x = backend.tensor(Float32Array.of(1, 2, 3));
    const before = x.data;
    const large = backend.tensor(new Float32Array(2 ** 20));
    expect(before).toHaveLength(0);
    expect([...x.data]).toEqual([1, 2, 3]);
    // Plain data that are a view of the memory, in a tensor and in a call that make it grow.
    const view = new Float32Array(x.data.buffer, x.data.byteOffset, 2 ** 20);
    expect([...backend.tensor(view).data.subarray(0, 3)]).toEqual([1, 2, 3]);
    const again = new Float32Array(x.data.buffer, x.data.byteOffset, 2 ** 21);
    const result = loss.valueSync({ x: again, y: new Float32Array(2 ** 21) });
    expect([...result.data.subarray(0, 3)]).toEqual([1, 2, 3]);
    backend.release(large);
  });

  it("are refused as plain data where the same call has emptied the view of them", () => {
    const backend = createBackendSync({ engine: "wasm" });
    const loss = backend.compileSync(sum);
    const y = backend.tensor(ones(2 ** 20));
    // The copy of x is more than is free, and y.data was a view of the memory before it grew.
    const run = (): unknown => loss.valueSync({ x: new Float32Array(2 ** 20), y: y.data });
    expect(run).toThrow(
      "y must keep its 1048576 elements, got 0: the memory under it has grown or moved since this view of it was made.",
    );
    // Now there is room.
    expect(run).not.toThrow();
    expect(loss.valueSync({ x: new Float32Array(2 ** 22), y: backend.tensor(ones(2 ** 22)) }).data[7]).toBe(1);
  });

  it("are no more after their release", async () => {
    const backend = await createBackend({ engine: "wasm" });
    const x = backend.tensor(Float32Array.of(1));
    backend.release(x);
    backend.release(x);
    expect(() => x.data).toThrow(InputError);
    await expect(backend.read(x)).rejects.toThrow(
      "js:wasm: a tensor must not be used after its release, got one that is free. Release it after its last use.",
    );
    expect(() => backend.compileSync(sum).valueSync({ x, y: [1] })).toThrow(InputError);
    expect([...backend.compileSync(sum).valueSync({ x: [1], y: [1] }).data]).toEqual([2]);
  });

  it("are taken from another backend, and by the other engine", () => {
    const [one, two] = [createBackendSync({ engine: "wasm" }), createBackendSync({ engine: "wasm" })];
    const x = one.tensor(Float32Array.of(1, 2));
    for (const backend of [two, createBackendSync({ engine: "scalar" }), createBackendSync()]) {
      expect([...backend.compileSync(sum).valueSync({ x, y: x }).data]).toEqual([2, 4]);
    }
    expect([...createBackendSync().compileSync(sum, { dtype: "float64" }).valueSync({ x, y: x }).data]).toEqual([2, 4]);
  });
});

describe("results", () => {
  it("are arrays of their own that nothing writes to", () => {
    const backend = createBackendSync({ engine: "wasm" });
    const loss = backend.compileSync(sum);
    const first = loss.valueSync({ x: [1], y: [2] });
    backend.tensor(new Float32Array(2 ** 20));
    loss.valueSync({ x: [3], y: [4] });
    expect(first.data).toEqual(Float32Array.of(3));
  });

  it("are written where they were asked for, in the memory or outside it", () => {
    const backend = createBackendSync({ engine: "wasm" });
    const loss = backend.compileSync(sum);
    const x = backend.tensor(ones(4));
    const within = backend.tensor(new Float32Array(4));
    const outside = createBackendSync({ engine: "scalar" }).tensor(new Float32Array(4));
    for (const out of [within, outside]) {
      expect(loss.valueSync({ x, y: x }, { out })).toBe(out);
      expect([...out.data]).toEqual([2, 2, 2, 2]);
    }
    expect(() => loss.valueSync({ x, y: x }, { out: x })).toThrow(InputError);
    const alias = createBackendSync({ engine: "scalar" }).tensor(x.data);
    expect(() => loss.valueSync({ x, y: x }, { out: alias })).toThrow(InputError);
  });
});

describe("memory", () => {
  it("does not grow over 10,000 calls, refused ones among them", () => {
    const backend = createBackendSync({ engine: "wasm" });
    const loss = backend.compileSync(crossEntropy());
    const feeds = { input: { data: ones(640), shape: [64, 10] }, target: new Int32Array(64) };
    const probe = backend.tensor(ones(1));
    loss.valueAndGradSync(feeds);
    const { byteLength } = probe.data.buffer;
    for (let i = 0; i < 10_000; i++) {
      loss.valueAndGradSync(feeds);
      if (i % 10 === 0)
        expect(() => loss.valueSync({ ...feeds, target: new Int32Array(64).fill(10) })).toThrow(InputError);
    }
    expect(probe.data.buffer.byteLength).toBe(byteLength);
  });

  it("that is not there is an error with its cure, and the backend goes on", () => {
    vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(() => {
      throw new RangeError("no more");
    });
    const backend = createBackendSync({ engine: "wasm" });
    expect(() => backend.tensor(new Float32Array(2 ** 20))).toThrow(
      "js:wasm: there must be 4194304 bytes of memory for a tensor, got none. Release tensors, or use smaller batches.",
    );
    expect([...backend.compileSync(sum).valueSync({ x: [1], y: [2] }).data]).toEqual([3]);
  });
});

describe("a ceiling of the memory", () => {
  const memory = 2 ** 22;

  it.each([1, 2])("is kept: what does not fit is an error with its cure, with %i threads", async (threads) => {
    const backend = await createBackend({ engine: "wasm", memory, threads });
    const third = (): JsTensor => backend.tensor(new Float32Array(350_000));
    const [x, y] = [third(), third()];
    const told =
      /^js:wasm: there must be \d+ bytes of memory for .*, got none\. Release tensors, or use smaller batches\.$/;
    expect(third).toThrow(told);
    const loss = backend.compileSync(sum);
    // The result needs a third, too.
    expect(() => loss.valueSync({ x, y })).toThrow(told);
    expect(() => loss.valueSync({ x, y })).toThrow(LossesError);
    expect(x.data.buffer.byteLength).toBeLessThanOrEqual(memory);
    expect(loss.valueSync({ x, y: x }, { out: y })).toBe(y);
    backend.release(x);
    expect(loss.valueSync({ x: y, y }).data).toHaveLength(y.data.length);
    await backend.dispose();
  });

  it("is a number of bytes that a memory can have, of the engine that has one", async () => {
    const wanted = "js: option memory must be a whole number of bytes from 1048576 to 4294967296";
    for (const wrong of [0, 2 ** 20 - 1, 2 ** 32 + 1, 2 ** 21 + 0.5, NaN]) {
      expect(() => createBackendSync({ memory: wrong })).toThrow(wanted);
    }
    expect(() => createBackendSync({ engine: "scalar", memory })).toThrow("memory must be left out");
    await expect(createBackend({ engine: "scalar", memory })).rejects.toThrow(OptionError);
    expect(createBackendSync({ memory }).id).toBe("js");
  });
});

describe("where WebAssembly cannot be had", () => {
  const feeds = { anchor: [[1, 2]], positive: [[1, 2]], negative: [[1, 3]] };

  it.each<[string, object | undefined, RegExp]>([
    ["there is none", undefined, /has no WebAssembly/],
    ["it is too old", { validate: () => false }, /no SIMD/],
    [
      "a policy forbids it",
      {
        validate: () => true,
        Module: function () {
          throw new EvalError("blocked by policy.");
        },
      },
      /blocked by policy\. Allow 'wasm-unsafe-eval'/,
    ],
  ])("%s: the engine says so, and the default is plain JavaScript", (_, api, reason) => {
    vi.stubGlobal("WebAssembly", api);
    expect(() => createBackendSync({ engine: "wasm" })).toThrow(reason);
    const backend = createBackendSync();
    expect(backend.id).toBe("js");
    const loss = backend.compileSync(tripletMarginLoss());
    expect(loss.valueSync(feeds).data[0]).toBeCloseTo(0, 5);
    expect(loss.uses()).toEqual([{ engine: "js:scalar", reason: expect.stringMatching(reason) as string }]);
  });

  it("a graph that may not be compiled runs in plain JavaScript by default, and is an error when that was not asked for", () => {
    const [fast, exact] = [createBackendSync(), createBackendSync({ engine: "wasm" })];
    const { Module } = WebAssembly;
    vi.spyOn(WebAssembly, "Module").mockImplementation(function (bytes: BufferSource) {
      if (bytes.byteLength > 100) throw new RangeError("too large for this thread.");
      return new Module(bytes);
    } as never);
    const loss = fast.compileSync(tripletMarginLoss());
    expect(loss.valueSync(feeds).data[0]).toBeCloseTo(0, 5);
    const reason = "tripletMarginLoss must be compiled, got: too large for this thread.";
    expect(loss.uses()).toEqual([{ engine: "js:scalar", reason }]);
    const run = (): unknown => exact.compileSync(tripletMarginLoss()).valueSync(feeds);
    expect(run).toThrow(LossesError);
    expect(run).toThrow(`${reason} Use the engine scalar.`);
  });
});

describe.each(wasmVariants)("with %s", (_, backend) => {
  const one = { x: float(["N"], "x") };
  const many = Array.from({ length: 2003 }, (_e, i) => Math.fround(Math.sin(i) * 3));

  it("what a graph says with two ops is rounded twice: differences of equal products are 0, kinks are where they were", () => {
    const y = many.map((x) => Math.fround(Math.cos(x) / 3));
    const z = many.map((x, i) => Math.fround(x * (y[i] ?? 0)));
    const parts = { x: float(["N"], "x"), y: float(["N"], "y"), z: float(["N"], "z") };
    const from = (value: (x: Tensor, y: Tensor, z: Tensor) => Tensor): LossSpec =>
      functionOf(parts, (given) => value(given["x"] as Tensor, given["y"] as Tensor, given["z"] as Tensor));
    const hinge = from((a, b, c) => a.mul(b).sub(c).relu());
    const ways = [hinge, from((a, b, c) => a.mul(b).sub(c)), from((a, b, c) => c.neg().add(b.mul(a)))];
    const zeros = new Float32Array(many.length);
    for (const spec of ways) expect(backend.compileSync(spec).valueSync({ x: many, y, z }).data).toEqual(zeros);
    // PyTorch's relu has slope 0 at 0.
    const { grads } = backend.compileSync(hinge).valueAndGradSync({ x: many, y, z });
    expect(Object.values(grads).map((grad) => grad?.data.every((slope) => slope === 0))).toEqual([true, true, true]);
  });

  it.each<[string, (x: Tensor) => Tensor, number, number]>([
    ["exp", (x) => x.exp(), 0, 1],
    ["log", (x) => x.log(), 1, 0],
    ["sigmoid", (x) => x.sigmoid(), 0, 0.5],
    ["softplus", (x) => x.softplus(), -Infinity, 0],
    ["expm1", (x) => x.expm1(), -Infinity, -1],
    ["log1p", (x) => x.log1p(), -1, -Infinity],
    ["tanh", (x) => x.tanh(), 12, 1],
    ["erf", (x) => x.erf(), -5, -1],
    ["pow", (x) => x.pow(3), -5, -125],
  ])("%s is exact where it is a short number", (_name, op, x, y) => {
    const spec = functionOf(one, (given) => op(given["x"] as Tensor));
    expect([...backend.compileSync(spec).valueSync({ x: [x] }).data]).toEqual([y]);
  });

  it.each<[string, (x: Tensor) => Tensor]>([
    ["exp", (x) => x.exp()],
    ["log", (x) => x.abs().log()],
    ["sigmoid", (x) => x.sigmoid()],
    ["softplus", (x) => x.softplus()],
    ["expm1", (x) => x.expm1()],
    ["log1p", (x) => x.log1p()],
    ["tanh", (x) => x.tanh()],
    ["atan", (x) => x.atan()],
    ["erf", (x) => x.erf()],
    ["pow", (x) => x.pow(0.7)],
  ])("%s of a number is the same in every place", (_name, op) => {
    const loss = backend.compileSync(functionOf(one, (given) => op(given["x"] as Tensor)));
    for (const x of many.slice(0, 40)) {
      const { data } = loss.valueSync({ x: new Float32Array(15).fill(x) });
      expect(new Set(data).size).toBe(1);
    }
  });
});

it("graphs of other numbers than float32 are refused by the engine, and run in plain JavaScript by default", () => {
  const types = { x: { shape: [2], dtype: "float64" }, y: { shape: [2], dtype: "float64" } } as const;
  const graph = traceLoss(sum, bindInputs(sum.loss.definition, types), { dtype: "float64", gradients: [] });
  expect(() => wasmEngine().compile(graph)).toThrow(UnsupportedOpError);
  const backend = createBackendSync();
  const exact = backend.compileSync(sum, { dtype: "float64" });
  expect([...exact.valueSync({ x: [0.1], y: [0.2] }).data]).toEqual([0.1 + 0.2]);
  const reason = /: input x must be one of float32, int32, bool to be compiled, got float64\.$/;
  expect(exact.uses()).toEqual([{ engine: "js:scalar", reason: expect.stringMatching(reason) as string }]);
  const fast = backend.compileSync(sum);
  expect(fast.uses()).toEqual([]);
  for (let i = 0; i < 2; i++) fast.valueAndGradSync({ x: [0.1], y: [0.2] });
  fast.valueSync({ x: [0.1], y: [0.2] });
  expect(fast.uses()).toEqual([{ engine: "js:wasm" }]);
});
