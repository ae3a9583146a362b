import { describe, expect, it } from "vitest";
import {
  clipLoss,
  crossEntropy,
  defineBackend,
  defineLoss,
  defineSyncBackend,
  DTypeError,
  float,
  InputError,
  LossesError,
  marginRankingLoss,
  OptionError,
  reduction,
  ShapeError,
  UnsupportedOpError,
} from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const batch = (n: number): { input: number[][]; target: number[] } => ({
  input: Array.from({ length: n }, (_, i) => [i, 1, -i]),
  target: Array.from({ length: n }, (_, i) => i % 3),
});

describe("a backend made from an engine", () => {
  it("compiles once for all batch sizes and again for other gradients", async () => {
    const log: string[] = [];
    const loss = await defineSyncBackend(interpreterEngine(log)).compile(crossEntropy());
    for (const n of [1, 7, 64]) await loss.valueAndGrad(batch(n));
    expect(log.filter((entry) => entry === "compile")).toHaveLength(1);
    await loss.value(batch(2));
    expect(log.filter((entry) => entry === "compile")).toHaveLength(2);
  });

  it("shares executables between equal specs and not between different ones", async () => {
    const log: string[] = [];
    const backend = defineSyncBackend(interpreterEngine(log));
    for (const labelSmoothing of [0, 0, 0.1]) {
      await (await backend.compile(crossEntropy({ labelSmoothing }))).value(batch(2));
    }
    expect(log.filter((entry) => entry === "compile")).toHaveLength(2);
  });

  it("says what has run a loss, each engine once for each reason", async () => {
    const engine = interpreterEngine([]);
    const own = await defineBackend(engine).compile(crossEntropy());
    expect(own.uses()).toEqual([]);
    await own.valueAndGrad(batch(2));
    await own.value(batch(3));
    expect(own.uses()).toEqual([{ engine: engine.id }]);
    const slow = { engine: "slow", reason: "it is large." };
    const uses = [slow, undefined, { ...slow }, { engine: "slow", reason: "it is odd." }];
    const loss = defineSyncBackend({
      ...engine,
      compile: async (graph) => ({ ...(await engine.compile(graph)), use: uses.shift() }),
    }).compileSync(crossEntropy());
    for (const wrt of [[], ["input"]] as const) await loss.valueAndGrad(batch(2), { wrt });
    expect(loss.uses()).toEqual([slow, { engine: engine.id }]);
    await loss.value({ input: [[[1], [2]]], target: [[0]] });
    await loss.valueAndGrad({ input: [[[1], [2]]], target: [[0]] });
    expect(loss.uses()).toEqual([slow, { engine: engine.id }, { engine: "slow", reason: "it is odd." }]);
  });

  it("releases everything it uploaded, also when the run fails", async () => {
    const log: string[] = [];
    const loss = await defineSyncBackend(interpreterEngine(log)).compile(crossEntropy());
    await loss.valueAndGrad(batch(3));
    await expect(loss.valueAndGrad({ input: [[1, 2, 3]], target: [9] })).rejects.toThrow(InputError);
    expect(log.filter((entry) => entry === "release")).toHaveLength(log.filter((entry) => entry === "upload").length);
  });

  it.each(["at once", "later"])("frees every result where what a mean divides by cannot be read, %s", async (when) => {
    const log: string[] = [];
    const engine = interpreterEngine(log);
    const failure = new Error("lost");
    let made = 0;
    const loss = await defineSyncBackend({
      ...engine,
      download: () => {
        if (when === "later") return Promise.reject(failure);
        throw failure;
      },
      compile: async (graph) => {
        const executable = await engine.compile(graph);
        const run: typeof executable.run = async (feeds, sizes) => {
          const results = await executable.run(feeds, sizes);
          made += results.length;
          return results;
        };
        return { ...executable, run };
      },
    }).compile(marginRankingLoss({ empty: "error" }));
    await expect(loss.valueAndGrad({ input1: [1], input2: [2], target: [1] })).rejects.toThrow("lost");
    expect(made).toBeGreaterThan(1);
    expect(log.filter((entry) => entry === "release")).toHaveLength(
      log.filter((entry) => entry === "upload").length + made,
    );
  });

  it("takes nested arrays, typed arrays, shaped arrays and its own tensors alike", async () => {
    const backend = defineSyncBackend(interpreterEngine());
    const loss = await backend.compile(crossEntropy());
    const input = { data: new Float32Array([0, 1, 2, 2, 1, 0]), shape: [2, 3] };
    const wanted = loss.valueSync({
      input: [
        [0, 1, 2],
        [2, 1, 0],
      ],
      target: [0, 1],
    }).data;
    expect(loss.valueSync({ input, target: new Int32Array([0, 1]) }).data).toEqual(wanted);
    expect(loss.valueSync({ input, target: { data: [0n, 1n].map(Number), shape: [2] } }).data).toEqual(wanted);
    expect(loss.valueSync({ input, target: new BigInt64Array([0n, 1n]) }).data).toEqual(wanted);
    expect(loss.valueSync({ input: backend.tensor(input), target: [0, 1] }).data).toEqual(wanted);
  });

  it("differentiates with respect to what is asked for", async () => {
    const loss = await defineSyncBackend(interpreterEngine()).compile(clipLoss());
    const feeds = {
      image: [
        [1, 0],
        [0, 1],
      ],
      text: [
        [0.6, 0.8],
        [0, 1],
      ],
      logitScale: 10,
    };
    expect(Object.keys((await loss.valueAndGrad(feeds)).grads)).toEqual(["image", "text", "logitScale"]);
    expect(Object.keys((await loss.valueAndGrad(feeds, { wrt: ["text"] })).grads)).toEqual(["text"]);
    await expect(loss.valueAndGrad(feeds, { wrt: ["logitBias"] })).rejects.toThrow(InputError);
  });

  it("takes integer signs where a loss computes with them as floats, without a gradient towards them", async () => {
    const loss = await defineSyncBackend(interpreterEngine()).compile(marginRankingLoss({ reduction: "sum" }));
    const feeds = { input1: [0.5, 0.5], input2: [1, 1], target: new Int32Array([1, -1]) };
    const { value, grads } = await loss.valueAndGrad(feeds);
    expect(Array.from(value.data)).toEqual([0.5]);
    expect(Object.keys(grads)).toEqual(["input1", "input2"]);
  });

  it("answers the same through promises", async () => {
    const feeds = batch(4);
    const now = (await defineSyncBackend(interpreterEngine()).compile(crossEntropy())).valueAndGradSync(feeds);
    const later = await (await defineBackend(interpreterEngine([], true)).compile(crossEntropy())).valueAndGrad(feeds);
    expect(later.value.data).toEqual(now.value.data);
    expect(later.grads.input?.data).toEqual(now.grads.input?.data);
  });

  it("says so when an asynchronous engine is asked to answer at once", async () => {
    const loss = await defineSyncBackend(interpreterEngine([], true)).compile(crossEntropy());
    expect(() => loss.valueSync(batch(2))).toThrow(UnsupportedOpError);
  });

  it("ends with dispose", async () => {
    const log: string[] = [];
    const backend = defineSyncBackend(interpreterEngine(log));
    const loss = await backend.compile(crossEntropy());
    await loss.value(batch(2));
    await backend.dispose();
    expect(log.slice(-2)).toEqual(["dispose executable", "dispose engine"]);
    await expect(loss.value(batch(2))).rejects.toMatchObject({ code: "BACKEND_DISPOSED" });
  });
});

describe("feeds that are refused", () => {
  const loss = defineSyncBackend(interpreterEngine()).compileSync(crossEntropy());
  it.each<[string, () => unknown, new (...parts: never[]) => LossesError, RegExp]>([
    [
      "a class out of range",
      () => loss.valueSync({ input: [[1, 2, 3]], target: [3] }),
      InputError,
      /^crossEntropy: target must hold class indices in \[0, 2\] \(C = 3\), or ignoreIndex = -100, got 3 at position 0\.$/,
    ],
    ["a fractional class", () => loss.valueSync({ input: [[1, 2, 3]], target: [0.5] }), InputError, /got 0\.5/],
    [
      "a class beyond 32 bits",
      () => loss.valueSync({ input: [[1, 2, 3]], target: new BigInt64Array([2n ** 40n]) }),
      InputError,
      /32 bits/,
    ],
    [
      "ragged rows",
      () =>
        loss.valueSync({
          input: [
            [1, 2, 3],
            [1, 2],
          ],
          target: [0, 0],
        }),
      ShapeError,
      /nested evenly/,
    ],
    [
      "a wrong length",
      () => loss.valueSync({ input: { data: [1, 2, 3], shape: [2, 2] }, target: [0, 0] }),
      ShapeError,
      /4 elements for shape \[2, 2\], got 3/,
    ],
    [
      "a shape that is none",
      () => loss.valueSync({ input: { data: [1], shape: [NaN] }, target: [0] }),
      ShapeError,
      /integers >= 0/,
    ],
    [
      "text",
      () => loss.valueSync({ input: "abc" as unknown as number[], target: [0] }),
      DTypeError,
      /must be nested arrays/,
    ],
    [
      "bool logits",
      () => loss.valueSync({ input: { data: new Uint8Array(3), shape: [1, 3], dtype: "bool" }, target: [0] }),
      DTypeError,
      /got bool/,
    ],
    ["no object", () => loss.valueSync(undefined as never), InputError, /must be a plain object/],
  ])("%s", (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });

  const bounded = defineLoss({
    name: "bounded",
    inputs: {
      x: float(["N"], "", { from: 0, to: 1 }),
      y: float(["N"], "", { from: 0, nan: true }),
      z: float(["N"], "", { to: 2 }),
    },
    options: { reduction: reduction("sum") },
    value: ({ x, y, z }) => x.add(y).add(z),
  });

  it.each<[string, Partial<Record<"x" | "y" | "z", number[]>>, RegExp | undefined]>([
    ["the ends of a range", { x: [0, 1], y: [0, 1e30], z: [-1e30, 2] }, undefined],
    ["a number above it", { x: [0, 1.5] }, /^bounded: x must hold numbers in \[0, 1\], got 1\.5 at position 1\.$/],
    ["a number below it", { y: [0, -0.5] }, /^bounded: y must hold numbers >= 0, got -0\.5 at position 1\.$/],
    ["a number above the only end", { z: [3, 0] }, /^bounded: z must hold numbers <= 2, got 3 at position 0\.$/],
    ["NaN", { x: [NaN, 0] }, /got NaN at position 0/],
    ["NaN where it is allowed", { y: [NaN, 0] }, undefined],
    ["an infinity", { y: [Infinity, -Infinity] }, /got -Infinity at position 1/],
  ])("%s", (_, given, message) => {
    const compiled = defineSyncBackend(interpreterEngine()).compileSync(bounded());
    const run = (): unknown => compiled.valueSync({ x: [0, 0], y: [0, 0], z: [0, 0], ...given });
    if (message === undefined) expect(run).not.toThrow();
    else {
      expect(run).toThrow(InputError);
      expect(run).toThrow(message);
    }
  });

  it("names the mistake of compiling a loss without calling it", () => {
    const compile = (): unknown => defineSyncBackend(interpreterEngine()).compileSync(crossEntropy as never);
    expect(compile).toThrow(OptionError);
    expect(compile).toThrow("Call it first");
  });

  it("refuses a dtype the backend does not compute in", () => {
    const compile = (): unknown =>
      defineSyncBackend(interpreterEngine()).compileSync(crossEntropy(), { dtype: "float16" });
    expect(compile).toThrow('interpreter: dtype must be one of float64, float32, got "float16".');
  });
});

describe("a loss that a user writes", () => {
  const logCosh = defineLoss({
    name: "logCosh",
    summary: "Mean of log cosh of the error.",
    formula: "log(cosh(input - target))",
    inputs: { input: float(["~d"], "Predictions."), target: float(["~d"], "Truth.") },
    options: { reduction: reduction("mean") },
    value({ input, target }) {
      const d = input.sub(target);
      return d.add(d.mul(-2).softplus()).sub(Math.LN2);
    },
  });

  it("runs and differentiates like ours", async () => {
    const loss = await defineSyncBackend(interpreterEngine()).compile(logCosh({ reduction: "sum" }));
    const { value, grads } = await loss.valueAndGrad({ input: [1, 2], target: [0, 0] });
    expect(value.data[0]).toBeCloseTo(Math.log(Math.cosh(1)) + Math.log(Math.cosh(2)), 12);
    expect(Array.from(grads.input?.data ?? [])).toEqual([
      expect.closeTo(Math.tanh(1), 12),
      expect.closeTo(Math.tanh(2), 12),
    ]);
  });

  it("gives typed inputs", async () => {
    const loss = await defineSyncBackend(interpreterEngine()).compile(logCosh());
    // @ts-expect-error an unknown input does not compile
    await expect(loss.value({ input: [1], truth: [1] })).rejects.toThrow(InputError);
    // @ts-expect-error a missing input does not compile
    await expect(loss.value({ input: [1] })).rejects.toThrow(InputError);
  });

  it("needs a plain name", () => {
    expect(() => defineLoss({ ...logCosh.definition, name: "log cosh" })).toThrow(LossesError);
  });
});
