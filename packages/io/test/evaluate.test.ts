import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  clipLoss,
  crossEntropy,
  defineLoss,
  float,
  ganDiscriminatorLoss,
  InputError,
  klDiv,
  list,
  OptionError,
  reduction,
  sampleInputs,
  ShapeError,
  tripletMarginLoss,
  weightedSum,
  type LossSpec,
} from "@losses/core";
import { createBackend } from "@losses/js";
import { afterAll, describe, expect, it } from "vitest";
import {
  evaluateArrays,
  FileError,
  openArray,
  openBytes,
  readArray,
  toFile,
  type ArraySource,
  type EvaluateArraysOptions,
  type Evaluation,
} from "../src/index.js";

const backend = await createBackend();
const folder = mkdtempSync(join(tmpdir(), "losses-io-"));
afterAll(() => rmSync(folder, { recursive: true }));

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/evaluations/${name}`, import.meta.url));

interface Reductions {
  readonly mean: number;
  readonly sum: number;
  readonly none: readonly number[];
  readonly meanGradient: readonly number[];
  readonly sumGradient: readonly number[];
  readonly weightGradient: readonly number[];
}
interface Expected {
  readonly weighted: Reductions;
  readonly smoothed: Reductions;
  readonly triplet: {
    readonly mean: number;
    readonly sum: number;
    readonly gradients: Record<string, readonly number[]>;
  };
  readonly divergence: Record<"batchmean" | "mean" | "shared", number> & { readonly sharedGradient: readonly number[] };
  readonly discriminator: { readonly mean: number; readonly gradients: Record<"real" | "fake", readonly number[]> };
  readonly pairs: { readonly clip: number; readonly clipInBatches: number };
}
const expected = JSON.parse(readFileSync(fixture("expected.json"), "utf8")) as Expected;

async function withFiles<T>(
  files: Record<string, string>,
  work: (sources: Record<string, ArraySource>) => Promise<T>,
): Promise<T> {
  const opened: [string, ArraySource][] = [];
  try {
    for (const [input, name] of Object.entries(files)) opened.push([input, await openArray(fixture(`${name}.npy`))]);
    return await work(Object.fromEntries(opened));
  } finally {
    for (const [, source] of opened) await source.close();
  }
}

function evaluate(spec: LossSpec, files: Record<string, string>, options?: EvaluateArraysOptions): Promise<Evaluation> {
  return withFiles(files, (sources) => evaluateArrays(backend, spec, sources, options));
}

/** The numbers of a file that was written. */
async function written(path: string): Promise<{ readonly data: readonly number[]; readonly shape: readonly number[] }> {
  const source = await openArray(path);
  const { data, shape } = await readArray(source, "float64");
  await source.close();
  return { data: Array.from(data, Number), shape };
}

/** Equal but for the rounding of float32. */
const near = (value: number, of = 1): unknown =>
  expect.closeTo(value, 6 - Math.ceil(Math.log10(Math.max(1, Math.abs(of)))));
/** Equal in float64. */
const exactly = (value: number): unknown => expect.closeTo(value, 11);

const labelled = { input: "ce-input", target: "ce-target", weight: "ce-weight" };

describe.each(["weighted", "smoothed"] as const)("a weighted mean with ignored samples, %s, as PyTorch's", (name) => {
  const options = { ignoreIndex: 3, labelSmoothing: name === "smoothed" ? 0.2 : 0 };
  const wanted = expected[name];

  it.each([1, 4, 7, 60, 61, 1000])("in batches of %i", async (batchRows) => {
    const mean = await evaluate(crossEntropy(options), labelled, { batchRows });
    expect(mean).toMatchObject({
      value: near(wanted.mean),
      samples: 61,
      isExact: true,
      batches: Math.ceil(61 / batchRows),
    });
    const sum = await evaluate(crossEntropy({ ...options, reduction: "sum" }), labelled, { batchRows });
    expect(sum.value).toEqual(near(wanted.sum, 100));
  });

  it("in float64 to its last digits, whatever the batches", async () => {
    const values = await Promise.all(
      [1, 13, 61].map(
        async (batchRows) => (await evaluate(crossEntropy(options), labelled, { batchRows, dtype: "float64" })).value,
      ),
    );
    for (const value of values) expect(value).toEqual(exactly(wanted.mean));
  });

  it("with values of each sample and gradients in files", async () => {
    for (const [reduction, gradient] of [
      ["mean", wanted.meanGradient],
      ["sum", wanted.sumGradient],
    ] as const) {
      const [samples, input] = [join(folder, "samples.npy"), join(folder, "input.npy")];
      await evaluate(crossEntropy({ ...options, reduction }), labelled, {
        batchRows: 9,
        perSample: toFile(samples),
        gradients: { input: toFile(input) },
      });
      expect(await written(samples)).toEqual({ data: wanted.none.map((value) => near(value, 10)), shape: [61] });
      expect(await written(input)).toEqual({ data: gradient.map((value) => near(value)), shape: [61, 7] });
    }
  });
});

describe("files of results", () => {
  it("hold the gradient of what all batches share, its part in the divisor included", async () => {
    const path = join(folder, "weight.npy");
    await evaluate(crossEntropy({ ignoreIndex: 3 }), labelled, {
      batchRows: 9,
      gradients: { weight: toFile(path) },
      dtype: "float64",
    });
    expect(await written(path)).toEqual({ data: expected.weighted.weightGradient.map(exactly), shape: [7] });
  });

  it.each(["npy", "csv", "json", "jsonl", "bin"])("in .%s hold the same numbers", async (ending) => {
    const path = join(folder, `x.${ending}`);
    await evaluate(crossEntropy({ ignoreIndex: 3 }), labelled, { batchRows: 9, gradients: { input: toFile(path) } });
    const source = await openArray(path, ending === "bin" ? { raw: { dtype: "float32", shape: ["*", 7] } } : {});
    const { data, shape } = await readArray(source);
    await source.close();
    expect(shape).toEqual([61, 7]);
    expect(Array.from(data, Number)).toEqual(expected.weighted.meanGradient.map((value) => near(value)));
  });

  it("appear only when all is done, and what was there stays until then", async () => {
    const own = mkdtempSync(join(folder, "atomic-"));
    const [path, other] = [join(own, "samples.csv"), join(own, "gradient.npy")];
    writeFileSync(path, "before");
    const run = withFiles(labelled, (sources) =>
      evaluateArrays(backend, crossEntropy({ ignoreIndex: 3 }), sources, {
        batchRows: 9,
        perSample: toFile(path),
        gradients: { input: toFile(other) },
        onProgress: ({ pass, done }) => {
          expect(readFileSync(path, "utf8")).toBe("before");
          if (pass === "gradients" && done > 20) throw new Error("enough");
        },
      }),
    );
    await expect(run).rejects.toThrow("enough");
    expect(readdirSync(own)).toEqual(["samples.csv"]);
    expect(readFileSync(path, "utf8")).toBe("before");
  });

  it("are refused before anything is read, by their name and by what has no gradient", async () => {
    expect(() => toFile(join(folder, "x.pt"))).toThrow(FileError);
    const gradients = { target: toFile(join(folder, "x.npy")) };
    await expect(evaluate(crossEntropy(), labelled, { gradients })).rejects.toThrow(OptionError);
    await expect(
      evaluate(crossEntropy({ ignoreIndex: 3 }), labelled, { perSample: toFile("/nowhere/x.npy") }),
    ).rejects.toThrow("must be one that can be written");
  });
});

describe("losses of files, as PyTorch's", () => {
  const rows = { anchor: "triplet-anchor", positive: "triplet-positive", negative: "triplet-negative" };

  it("tripletMarginLoss with three gradients", async () => {
    const spec = tripletMarginLoss({ margin: 0.7, swap: true });
    const paths = Object.fromEntries(Object.keys(rows).map((name) => [name, join(folder, `${name}.npy`)]));
    const gradients = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, toFile(path)]));
    expect(await evaluate(spec, rows, { batchRows: 10, gradients })).toMatchObject({
      value: near(expected.triplet.mean),
      samples: 53,
    });
    for (const [name, path] of Object.entries(paths)) {
      expect((await written(path)).data).toEqual(expected.triplet.gradients[name]?.map((value) => near(value)));
    }
  });

  it("klDiv by the batch, by the element, and with one target for all", async () => {
    const each = { input: "kl-input", target: "kl-target" };
    const { batchmean, mean, shared, sharedGradient } = expected.divergence;
    expect((await evaluate(klDiv({ reduction: "batchmean" }), each, { batchRows: 4 })).value).toEqual(near(batchmean));
    expect((await evaluate(klDiv(), each, { batchRows: 4 })).value).toEqual(near(mean));
    const path = join(folder, "target.npy");
    const one = await evaluate(
      klDiv({ reduction: "batchmean" }),
      { input: "kl-input", target: "kl-shared" },
      { batchRows: 4, gradients: { target: toFile(path) } },
    );
    expect(one.value).toEqual(near(shared));
    expect((await written(path)).data).toEqual(sharedGradient.map((value) => near(value)));
  });

  it("ganDiscriminatorLoss of more real samples than fake ones", async () => {
    const [real, fake] = [join(folder, "real.npy"), join(folder, "fake.npy")];
    const found = await evaluate(
      ganDiscriminatorLoss(),
      { real: "gan-real", fake: "gan-fake" },
      { batchRows: 4, gradients: { real: toFile(real), fake: toFile(fake) } },
    );
    expect(found).toMatchObject({ value: near(expected.discriminator.mean), samples: 20, isExact: true });
    expect((await written(real)).data).toEqual(expected.discriminator.gradients.real.map((value) => near(value)));
    expect((await written(fake)).data).toEqual(expected.discriminator.gradients.fake.map((value) => near(value)));
  });

  it("clipLoss of all pairs, or of batches where that is asked for, and says which", async () => {
    const scale = await openBytes("scale.json", Buffer.from("20"));
    const { clip, clipInBatches } = expected.pairs;
    await withFiles({ image: "pairs-image", text: "pairs-text" }, async (pairs) => {
      const sources = { ...pairs, logitScale: scale };
      expect(await evaluateArrays(backend, clipLoss(), sources)).toMatchObject({
        value: near(clip),
        batches: 1,
        isExact: true,
      });
      const parts = await evaluateArrays(backend, clipLoss(), sources, { batchRows: 20 });
      expect(parts).toMatchObject({ value: near(clipInBatches), batches: 3, isExact: false });
    });
  });
});

describe("a weighted sum of losses", () => {
  it("is computed over all rows at once, its terms reduced as they say, and has gradients", async () => {
    const rows = { anchor: "triplet-anchor", positive: "triplet-positive", negative: "triplet-negative" };
    const both = weightedSum([
      { loss: tripletMarginLoss({ margin: 0.7, swap: true }), weight: 2 },
      { loss: tripletMarginLoss({ margin: 0.7, swap: true, reduction: "sum" }), weight: -0.5 },
    ]);
    const path = join(folder, "sum.npy");
    const { value, batches } = await evaluate(both, rows, { gradients: { anchor: toFile(path) } });
    expect([value, batches]).toEqual([near(2 * expected.triplet.mean - 0.5 * expected.triplet.sum, 10), 1]);
    const share = 2 - 0.5 * 53;
    expect((await written(path)).data).toEqual(
      expected.triplet.gradients["anchor"]?.map((gradient) => near(share * gradient, 10)),
    );
  });
});

describe("inputs of every form", () => {
  const text = (name: string, contents: string): Promise<ArraySource> => openBytes(name, Buffer.from(contents));

  it("of one loss may come from files of different formats, rows unknown beforehand", async () => {
    const sources = {
      input: await text("input.csv", "a,b,c\n2,0.5,-1\n0,1,0\n1,1,5\n"),
      target: await text("labels.jsonl", "0\n2\n2\n"),
    };
    const { value, samples } = await evaluateArrays(backend, crossEntropy(), sources, { batchRows: 2 });
    const one = await (
      await backend.compile(crossEntropy())
    ).value({
      input: [
        [2, 0.5, -1],
        [0, 1, 0],
        [1, 1, 5],
      ],
      target: [0, 2, 2],
    });
    expect([value, samples]).toEqual([near(one.data[0] ?? NaN), 3]);
  });

  it("may be counted apart where files do not say how many rows they have", async () => {
    const sources = { real: await text("real.csv", "1\n2\n3\n"), fake: await text("fake.csv", "1\n2\n") };
    const { samples } = await evaluateArrays(backend, ganDiscriminatorLoss(), sources, { batchRows: 2 });
    expect(samples).toBe(5);
  });

  it("may be empty: the mean of nothing is NaN, the sum 0", async () => {
    const sources = { input: await text("input.json", "[]"), target: await text("target.json", "[]") };
    expect((await evaluateArrays(backend, klDiv(), sources)).value).toBeNaN();
    expect((await evaluateArrays(backend, klDiv({ reduction: "sum" }), sources)).value).toBe(0);
  });

  it("may be empty where that is 0 or refused, whatever the batches", async () => {
    const sources = { input: await text("input.json", "[]"), target: await text("target.json", "[]") };
    expect((await evaluateArrays(backend, klDiv({ empty: "zero" }), sources)).value).toBe(0);
    await expect(evaluateArrays(backend, klDiv({ empty: "error" }), sources)).rejects.toThrow(
      '(option empty is "error")',
    );
    const ignored = {
      input: await text("input.csv", "a,b\n1,2\n3,5\n"),
      target: await text("labels.jsonl", "-100\n-100\n"),
    };
    const path = join(folder, "ignored.npy");
    const options = { batchRows: 1, gradients: { input: toFile(path) } };
    expect((await evaluateArrays(backend, crossEntropy({ empty: "zero" }), ignored, options)).value).toBe(0);
    expect((await written(path)).data).toEqual([0, 0, 0, 0]);
    await expect(evaluateArrays(backend, crossEntropy({ empty: "error" }), ignored, options)).rejects.toThrow(
      InputError,
    );
  });

  it("may be lists, weights of samples and masks, batch by batch", async () => {
    const scaled = defineLoss({
      name: "scaled",
      inputs: { scores: list(float(["N"])), target: float(["N"]) },
      optionalInputs: { ...sampleInputs(["N"]) },
      options: { reduction: reduction("mean") },
      value: ({ scores, target }) => ({
        parts: Object.fromEntries(
          scores.map((score, i) => [`scale${i}`, { part: score.sub(target).square(), weight: i + 1 }]),
        ),
      }),
    });
    const bools = Uint8Array.of(1, 1, 0);
    const sources = {
      // Elements in any order.
      "scores.1": await text("b.json", "[3, 0, 7]"),
      "scores.0": await text("a.json", "[1, 2, 9]"),
      target: await text("target.json", "[0, 0, 0]"),
      sampleWeight: await text("weight.json", "[1, 3, 5]"),
      mask: await openBytes("mask.bin", bools, { raw: { dtype: "bool" } }),
    };
    const path = join(folder, "list.npy");
    for (const batchRows of [1, 2, 3]) {
      const options = { batchRows, gradients: { "scores.1": toFile(path) } };
      const { value, samples } = await evaluateArrays(backend, scaled() as LossSpec, sources, options);
      // (1·1 + 3·4)/4 + 2·(1·9 + 3·0)/4
      expect([value, samples]).toEqual([near(13 / 4 + 18 / 4), 3]);
      // 2·wᵢ·2·(sᵢ - tᵢ)/4
      expect((await written(path)).data).toEqual([near(3), 0, 0]);
    }
    const alone = { "scores.0": sources["scores.0"], target: sources.target, "scores.2": sources["scores.1"] };
    await expect(evaluateArrays(backend, scaled() as LossSpec, alone)).rejects.toThrow(InputError);
  });

  it("may be one sample without an axis for samples", async () => {
    const sources = {
      input: await openBytes("x.bin", new Uint8Array(Float32Array.of(2, 0.5).buffer), { raw: { dtype: "float32" } }),
      target: await text("y.json", "0"),
    };
    const path = join(folder, "one.npy");
    const found = await evaluateArrays(backend, crossEntropy(), sources, { perSample: toFile(path) });
    expect(found).toMatchObject({ value: near(Math.log1p(Math.exp(-1.5))), samples: 1 });
    expect((await written(path)).shape).toEqual([]);
  });

  it("must have equally many rows", async () => {
    const sources = {
      input: await text("input.csv", "a,b\n1,2\n3,4\n"),
      target: await text("labels.jsonl", "0\n1\n1\n"),
    };
    await expect(evaluateArrays(backend, crossEntropy(), sources, { batchRows: 2 })).rejects.toThrow(ShapeError);
  });

  it("are refused as the loss refuses them", async () => {
    const sources = { input: await text("input.csv", "a,b\n1,2\n"), target: await text("labels.jsonl", "7\n") };
    await expect(evaluateArrays(backend, crossEntropy(), sources)).rejects.toThrow("class indices in [0, 1]");
    await expect(evaluateArrays(backend, crossEntropy(), sources, { batchRows: 0 })).rejects.toThrow(OptionError);
  });

  it("can be left in the middle by a signal", async () => {
    const stop = new AbortController();
    const run = withFiles(labelled, (sources) =>
      evaluateArrays(backend, crossEntropy({ ignoreIndex: 3 }), sources, {
        batchRows: 1,
        signal: stop.signal,
        onProgress: ({ done }) => (done > 5 ? stop.abort(new Error("stopped")) : undefined),
      }),
    );
    await expect(run).rejects.toThrow("stopped");
  });
});
