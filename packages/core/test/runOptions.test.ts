import { describe, expect, it } from "vitest";
import {
  clipLoss,
  crossEntropy,
  defineBackend,
  defineSyncBackend,
  DTypeError,
  evaluateBatches,
  InputError,
  OptionError,
  ShapeError,
  tripletMarginLoss,
  type Engine,
  type HostTensor,
} from "../src/index.js";
import { EXECUTABLES_KEPT } from "../src/run/executableCache.js";
import { interpreterEngine } from "./support/interpreter.js";

type Own = HostTensor & { own: true };

const feeds = { input: [[1, 2, 3]], target: [2] };
const count = (log: readonly string[], what: string): number => log.filter((entry) => entry === what).length;

/** The interpreter, writing into the tensors that it is handed. */
function writingEngine(): Engine<Own> {
  const engine = interpreterEngine();
  return {
    ...engine,
    sharesMemory: (a, b) => a.data === b.data,
    compile: async (graph) => {
      const executable = await engine.compile(graph);
      return {
        ...executable,
        run: async (tensors, sizes, out = []) => {
          const results = await executable.run(tensors, sizes);
          return results.map((result, i) => {
            const target = out[i];
            if (target === undefined) return result;
            target.data.set(result.data as Float64Array);
            return target;
          });
        },
      };
    },
  };
}

describe("a signal", () => {
  it("given beforehand, ends a call before it has taken anything", async () => {
    const log: string[] = [];
    const loss = await defineBackend(interpreterEngine(log, true)).compile(crossEntropy());
    const reason = new Error("enough");
    await expect(loss.valueAndGrad(feeds, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(log).toEqual([]);
  });

  it("given while a call runs, ends it at once and frees what comes of it", async () => {
    const log: string[] = [];
    const engine = interpreterEngine(log, true);
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    const slow: Engine<Own> = {
      ...engine,
      compile: async (graph) => {
        const executable = await engine.compile(graph);
        return { ...executable, run: (tensors, sizes) => gate.then(() => executable.run(tensors, sizes)) };
      },
    };
    const loss = await defineBackend(slow).compile(crossEntropy());
    const controller = new AbortController();
    const running = loss.valueAndGrad(feeds, { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort("enough");
    await expect(running).rejects.toBe("enough");
    finish();
    await new Promise((resolve) => setTimeout(resolve, 5));
    // Both feeds, the value and the gradient.
    expect(count(log, "release")).toBe(4);
    const { value } = await loss.valueAndGrad(feeds, { signal: new AbortController().signal });
    expect(value.shape).toEqual([]);
  });
});

describe("out", () => {
  const make = (shape: number[]): Own => ({ data: new Float64Array(shape.reduce((a, b) => a * b, 1)), shape, dtype: "float64", own: true }); // prettier-ignore

  it("takes the results, and the rest are new tensors", async () => {
    const loss = await defineBackend(writingEngine()).compile(crossEntropy());
    const wanted = await loss.valueAndGrad(feeds);
    const gradient = make([1, 3]);
    const { value, grads } = await loss.valueAndGrad(feeds, { out: { grads: { input: gradient } } });
    expect(grads.input).toBe(gradient);
    expect(gradient.data).toEqual(wanted.grads.input?.data);
    expect(value.data).toEqual(wanted.value.data);
    const scalar = make([]);
    expect(await loss.value(feeds, { out: scalar })).toBe(scalar);
    expect(scalar.data).toEqual(wanted.value.data);
  });

  it.each([
    ["a wrong shape", { grads: { input: make([3, 1]) } }, ShapeError, /shape \[1, 3\], got \[3, 1\]/],
    [
      "a wrong dtype",
      { value: { ...make([]), dtype: "float32" as const } },
      DTypeError,
      /must be float64, got float32/,
    ],
    ["another kind of tensor", { value: [1] as unknown as Own }, OptionError, /a tensor of interpreter/],
    ["a result that is not asked for", { grads: { target: make([1]) } }, OptionError, /\(value, grad:input\)/],
  ])("refuses %s", async (_, out, error, message) => {
    const loss = await defineBackend(writingEngine()).compile(crossEntropy());
    const call = loss.valueAndGrad(feeds, { out });
    await expect(call).rejects.toThrow(error);
    await expect(call).rejects.toThrow(message);
  });

  it("refuses an input of the same call, and one tensor for two results", async () => {
    const loss = await defineBackend(writingEngine()).compile(tripletMarginLoss());
    const anchor = make([2]);
    const own = { anchor, positive: [1, 2], negative: [3, 4] };
    await expect(loss.valueAndGrad(own, { out: { grads: { anchor } } })).rejects.toThrow(InputError);
    const twice = make([2]);
    const both = { anchor: twice, positive: twice };
    await expect(loss.valueAndGrad(own, { out: { grads: both } })).rejects.toThrow(/a tensor of its own/);
  });

  it("is refused by an engine whose results are always new", async () => {
    const loss = await defineBackend(interpreterEngine()).compile(crossEntropy());
    await expect(loss.value(feeds, { out: make([]) })).rejects.toThrow(/option out must be left out/);
  });
});

describe("warm", () => {
  it("compiles for sizes to come, and leaves nothing behind", async () => {
    const log: string[] = [];
    const loss = await defineBackend(interpreterEngine(log, true)).compile(crossEntropy());
    await loss.warm({ input: { shape: [4, 3] }, target: { shape: [4] } });
    expect(count(log, "compile")).toBe(1);
    expect(count(log, "release")).toBe(count(log, "upload") + 2);
    await loss.valueAndGrad(feeds);
    expect(count(log, "compile")).toBe(1);
    await loss.warm({ input: { shape: [4, 3] }, target: { shape: [4] } }, { wrt: [] });
    await loss.value(feeds);
    expect(count(log, "compile")).toBe(2);
  });

  it("tells targets that are classes from targets that are probabilities by shape or dtype", async () => {
    const log: string[] = [];
    const loss = await defineBackend(interpreterEngine(log)).compile(crossEntropy());
    await loss.warm({ input: { shape: [4, 3] }, target: { shape: [4, 3] } });
    await loss.valueAndGrad({ input: [[1, 2]], target: new Int32Array([1]) });
    expect(count(log, "compile")).toBe(2);
    await expect(loss.warm({ input: { shape: [4, 3] }, target: { shape: [5], dtype: "int64" } })).rejects.toThrow(ShapeError); // prettier-ignore
  });
});

describe("many graphs", () => {
  it("are kept up to a number, the least used first to go, and disposed", async () => {
    const disposed: number[] = [];
    let made = 0;
    const engine = interpreterEngine();
    const backend = defineBackend<Own>({
      ...engine,
      compile: async (graph) => {
        const executable = await engine.compile(graph);
        const number = made++;
        return { ...executable, dispose: () => void disposed.push(number) };
      },
    });
    const run = async (margin: number): Promise<void> => {
      await (await backend.compile(tripletMarginLoss({ margin }))).value({ anchor: [1], positive: [1], negative: [2] });
    };
    for (let i = 0; i < EXECUTABLES_KEPT; i++) await run(1 + i);
    await run(1);
    expect(disposed).toEqual([]);
    await run(1000);
    await run(1001);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(disposed).toEqual([1, 2]);
    expect(made).toBe(EXECUTABLES_KEPT + 2);
  });
});

describe("a synchronous call to an engine that answers later", () => {
  it("fails, and frees what comes of it", async () => {
    const log: string[] = [];
    const loss = defineSyncBackend(interpreterEngine(log, true)).compileSync(crossEntropy());
    expect(() => loss.valueAndGradSync(feeds)).toThrow(/must be answered at once, got a promise/);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(count(log, "release")).toBe(4);
    expect(() => loss.valueSync({ input: [[1, 2, 3]], target: [2] })).toThrow(
      /must be answered at once, got a promise/,
    );
  });

  it("is not offered by a backend that is asynchronous", () => {
    expect(Object.keys(defineBackend(interpreterEngine()))).not.toContain("compileSync");
  });
});

describe("evaluateBatches", () => {
  const image = [[1, 0], [0, 1]]; // prettier-ignore

  it("gives the value of each batch, in order, one at a time, and says how far it is", async () => {
    const log: string[] = [];
    const backend = defineBackend(interpreterEngine(log, true));
    const loss = await backend.compile(clipLoss());
    const batches = [1, 2, 3].map((logitScale) => ({ image, text: image, logitScale }));
    const seen: unknown[] = [];
    const values = await evaluateBatches(backend, loss, batches, { onProgress: (progress) => seen.push(progress) });
    const alone = await Promise.all(batches.map(async (batch) => (await loss.value(batch)).data[0]));
    expect(values.map(({ data }) => data[0])).toEqual(alone);
    expect(seen).toEqual([0, 1, 2, 3].map((done) => ({ done, total: 3 })));
    const generated = (function* () {
      yield* batches;
    })();
    const same = await evaluateBatches(backend, loss, generated, { onProgress: (progress) => seen.push(progress) });
    expect(same).toEqual(values);
    expect(seen.at(-1)).toEqual({ done: 3, total: undefined });
  });

  it("stops at a signal, freeing what it made", async () => {
    const log: string[] = [];
    const backend = defineBackend(interpreterEngine(log, true));
    const loss = await backend.compile(clipLoss());
    const controller = new AbortController();
    const endless = (function* () {
      for (;;) yield { image, text: image, logitScale: 1 };
    })();
    const run = evaluateBatches(backend, loss, endless, {
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 4) controller.abort("enough");
      },
    });
    await expect(run).rejects.toBe("enough");
    expect(count(log, "release")).toBe(4 * 4);
    expect(count(log, "upload")).toBe(4 * 3);
  });
});

describe("a loss called again and again", () => {
  it("tells apart what differs from the call before in shape, dtype, optional inputs or gradients", async () => {
    const backend = defineBackend(interpreterEngine());
    const loss = await backend.compile(crossEntropy({ reduction: "sum" }));
    const fresh = async (...args: Parameters<typeof loss.valueAndGrad>): Promise<unknown> =>
      (await backend.compile(crossEntropy({ reduction: "sum" }))).valueAndGrad(...args);
    const input = [[1, 2, 3], [0, 1, 0]]; // prettier-ignore
    const calls: Parameters<typeof loss.valueAndGrad>[] = [
      [{ input, target: [2, 0] }],
      [{ input, target: [2, 0] }, { wrt: [] }],
      [{ input, target: [2, 0], weight: [1, 2, 3] }],
      [{ input, target: [2, 0] }],
      [{ input, target: [[0, 0, 1], [1, 0, 0]] }], // prettier-ignore
      [{ input: [[1, 2, 3]], target: [1] }],
      [{ input: [1, 2, 3], target: 1 }],
      [{ input: { data: Float32Array.of(1, 2, 3), shape: [1, 3] }, target: new Int32Array([1]) }, { wrt: ["input"] }],
    ];
    for (const call of calls) expect(await loss.valueAndGrad(...call)).toEqual(await fresh(...call));
    await expect(loss.valueAndGrad({ input, target: [1] })).rejects.toThrow(ShapeError);
    await expect(loss.valueAndGrad({ input, target: [1, 1] }, { wrt: ["target"] })).rejects.toThrow(InputError);
    expect(await loss.valueAndGrad({ input, target: [1, 1] })).toEqual(await fresh({ input, target: [1, 1] }));
  });
});

describe("what a backend cannot take", () => {
  const refused = new InputError("mine: numbers must be small, got 9.", "INVALID_INPUT");
  const refuse = (): never => {
    throw refused;
  };

  it.each<[string, Partial<Engine<Own>>]>([
    ["at once", { upload: refuse }],
    ["later", { convert: () => Promise.reject(refused) }],
    ["while it is looked at", { describe: refuse }],
  ])("is told with the loss and the input, %s", async (_, change) => {
    const engine = interpreterEngine([], true);
    const loss = await defineBackend({ ...engine, ...change }).compile(crossEntropy());
    const input = engine.upload({ data: Float32Array.of(1, 2, 3), shape: [1, 3], dtype: "float32" });
    const failed = loss.value(change.upload === undefined ? { ...feeds, input } : feeds);
    await expect(failed).rejects.toThrow(InputError);
    await expect(failed).rejects.toThrow("crossEntropy: input: mine: numbers must be small, got 9.");
    await expect(failed).rejects.toMatchObject({ code: "INVALID_INPUT", cause: refused });
  });
});
