import {
  BackendUnavailableError,
  binaryCrossEntropy,
  clipLoss,
  crossEntropy,
  ctcLoss,
  featureMatchingLoss,
  ganDiscriminatorLoss,
  klDiv,
  marginRankingLoss,
  mseLoss,
  OptionError,
  ShapeError,
  type Backend,
  type BackendLoader,
  type HostTensor,
  type LossSpec,
} from "@losses/core";
import { createBackend } from "@losses/js";
import { createBackend as createScalar } from "@losses/js/scalar";
import { describe, expect, it } from "vitest";
import { agreementFor } from "../src/choose/agreement.js";
import { feedsFrom } from "../src/choose/sample.js";
import {
  chooseBackend,
  createReferenceBackend,
  groupByInput,
  drawInputs,
  type ChooseBackendOptions,
} from "../src/index.js";

type Read = (tensor: HostTensor) => Promise<HostTensor>;

function loader(id: string, change: (read: Read) => Read = (read) => read): BackendLoader {
  return {
    id,
    open: () => {
      const backend = createReferenceBackend();
      const read: Read = async (tensor) => backend.read(tensor);
      return { ...backend, id, read: change(read) } as Backend<unknown>;
    },
  };
}

function scaled(by: number): (read: Read) => Read {
  return (read) => async (tensor) => {
    const host = await read(tensor);
    return { ...host, data: Float64Array.from(host.data, (x) => x * by), dtype: "float64" };
  };
}

const slow = loader("slow", (read) => async (tensor) => {
  await new Promise((done) => setTimeout(done, 20));
  return read(tensor);
});
const cuda: BackendLoader = {
  id: "cuda",
  open: () => {
    throw new BackendUnavailableError("cuda: there is no such device here.");
  },
};

const options: ChooseBackendOptions = {
  candidates: [slow, loader("wrong", scaled(2)), cuda, loader("fast")],
  spec: crossEntropy(),
  shapes: { input: [4, 3], target: [4] },
  for: "training",
  milliseconds: 100,
};

describe("chooseBackend", () => {
  it("ranks what works and is right, and says why the others are not there", async () => {
    const seen: string[] = [];
    const { ranking, refused } = await chooseBackend({ ...options, onProgress: ({ id }) => seen.push(id) });
    expect(ranking.map(({ id }) => id)).toEqual(["fast", "slow"]);
    expect(refused).toEqual([
      {
        id: "wrong",
        reason: expect.stringMatching(
          /^its results must lie within the error bounds of crossEntropy, got value: expected [\d.]+, got [\d.]+, allowed ±/,
        ),
      },
      { id: "cuda", reason: "cuda: there is no such device here." },
    ]);
    expect(seen).toEqual(["slow", "wrong", "cuda", "fast"]);
    for (const { perCall, firstResult, calls, memory, worst } of ranking) {
      expect(perCall).toBeGreaterThan(0);
      expect(firstResult).toBeGreaterThan(perCall / 2);
      expect(calls).toBeGreaterThanOrEqual(1);
      expect(memory).toBeGreaterThanOrEqual(0);
      expect(worst).toBeLessThan(1);
    }
  });

  it("refuses an error that rounding does not make, where no other backend tells the truth", async () => {
    // A thousand roundings of float32, and float32 rounding itself.
    const off = { ...options, candidates: [loader("off", scaled(1 + 1000 * 2 ** -24))], milliseconds: 1 };
    const double = await chooseBackend(off);
    expect(double.refused.map(({ id }) => id)).toEqual(["off"]);
    const single = await chooseBackend({
      ...options,
      candidates: [{ id: "js", open: () => createBackend() }],
      milliseconds: 1,
    });
    expect(single.refused).toEqual([]);
    expect(single.ranking[0]?.worst).toBeGreaterThan(0);
  });

  it("holds a loss that is too large to be analysed to the same loss with shorter axes", async () => {
    const shapes = { image: [2048, 64], text: [2048, 64], logitScale: [] };
    const { inputs } = agreementFor(clipLoss(), shapes, true);
    const [image] = inputs;
    expect(image?.shape[0]).toBeLessThan(2048);
    expect(image?.shape[0]).toBeGreaterThanOrEqual(16);
    const { ranking, refused } = await chooseBackend({
      candidates: [
        { id: "wasm", open: () => createBackend() },
        { id: "scalar", open: () => createScalar() },
      ],
      spec: clipLoss(),
      shapes: { image: [256, 64], text: [256, 64], logitScale: [] },
      for: "training",
      milliseconds: 1,
    });
    expect([refused, ranking.length]).toEqual([[], 2]);
  });

  it.each<[string, object, new (message: string) => Error]>([
    ["no candidates", { candidates: [] }, OptionError],
    ["two of one id", { candidates: [cuda, cuda] }, OptionError],
    ["another purpose", { for: "inference" }, OptionError],
    ["a misspelt option", { candidate: [] }, OptionError],
    ["shapes that do not fit", { shapes: { input: [4, 3], target: [5] } }, ShapeError],
    ["a loss that is not called", { spec: crossEntropy }, OptionError],
  ])("refuses %s", async (_, change, error) => {
    await expect(chooseBackend({ ...options, ...change } as ChooseBackendOptions)).rejects.toThrow(error);
  });

  it.each<[LossSpec, ChooseBackendOptions["shapes"]]>([
    [binaryCrossEntropy() as LossSpec, { input: [8], target: [8] }],
    [marginRankingLoss() as LossSpec, { input1: [4], input2: [4], target: [4] }],
    [ganDiscriminatorLoss() as LossSpec, { real: [4], fake: [3] }],
    [mseLoss() as LossSpec, { input: [4], target: [4], mask: [4] }],
  ])("has numbers that $name takes", async (spec, shapes) => {
    const own = { ...options, candidates: [loader("fast")], spec, shapes };
    expect((await chooseBackend({ ...own, milliseconds: 1 })).refused).toEqual([]);
  });

  it("has lengths that fit their targets", async () => {
    const shapes = { logProbs: [6, 2, 4], targets: [2, 3], inputLengths: [2], targetLengths: [2] };
    const inputs = drawInputs(ctcLoss(), shapes);
    const loss = await createReferenceBackend().compile(ctcLoss() as LossSpec);
    const { data } = await loss.value(feedsFrom(inputs) as Readonly<Record<string, never>>);
    expect(Number.isNaN(data[0])).toBe(false);
  });
});

describe("drawInputs", () => {
  it("gives the same numbers every time, and others to each input", () => {
    const shapes = { input: [64, 8], target: [64, 8] };
    const [input, target] = drawInputs(klDiv(), shapes);
    expect(drawInputs(klDiv(), shapes)).toEqual([input, target]);
    const [x, y] = [input?.data ?? [], target?.data ?? []].map((data) => Array.from(data));
    const product = (x ?? []).reduce((sum, value, i) => sum + value * (y?.[i] ?? Number.NaN), 0);
    // Uniform on [-1, 1], so a product of two has a variance of 1/9; five standard deviations of a sum of 512.
    expect(Math.abs(product)).toBeLessThan(5 * Math.sqrt(512 / 9));
    expect(Math.min(...(x ?? []))).toBeLessThan(0);
  });

  it("draws from 0 where that is asked for, as logarithms want it", async () => {
    const inputs = drawInputs(klDiv(), { input: [3, 4], target: [3, 4] }, { least: 0 });
    for (const { data } of inputs) expect(Math.min(...data)).toBeGreaterThanOrEqual(0);
    const loss = await createReferenceBackend().compile(klDiv() as LossSpec);
    const { data } = await loss.value(feedsFrom(inputs) as Readonly<Record<string, never>>);
    expect(data[0]).toEqual(expect.any(Number));
    expect(Number.isNaN(data[0])).toBe(false);
    const least = -2 as -1;
    expect(() => drawInputs(klDiv(), { input: [3], target: [3] }, { least })).toThrow("least must be -1 or 0, got -2");
  });

  it("names the elements of a list by their places, which are put together again", () => {
    const inputs = drawInputs(featureMatchingLoss(), {
      "real.0": [2, 3],
      "real.1": [2, 5],
      "fake.0": [2, 3],
      "fake.1": [2, 5],
    });
    const { real, fake } = groupByInput(inputs.map(({ name, shape }) => [name, shape]));
    expect([real, fake]).toEqual([
      [
        [2, 3],
        [2, 5],
      ],
      [
        [2, 3],
        [2, 5],
      ],
    ]);
  });
});
