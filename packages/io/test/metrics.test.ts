import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InputError, OptionError, ShapeError } from "@losses/core";
import { createBackend } from "@losses/js";
import { describe, expect, it } from "vitest";
import {
  memoryArray,
  openArray,
  perplexity,
  retrieval,
  type Perplexity,
  type PerplexityOptions,
  type Ranking,
  type Retrieval,
  type RetrievalOptions,
} from "../src/index.js";

const backend = await createBackend();
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/evaluations/${name}`, import.meta.url));

interface Places {
  readonly "R@1": number;
  readonly "R@5": number;
  readonly "R@10": number;
  readonly meanRank: number;
  readonly medianRank: number;
}
const expected = JSON.parse(readFileSync(fixture("expected.json"), "utf8")) as {
  readonly languageModel: Record<string, number>;
  readonly pairs: Record<"imageToText" | "textToImage", Places>;
  readonly captions: Record<"imageToText" | "textToImage" | "dotImageToText" | "dotTextToImage", Places>;
};

/** Equal but for the rounding of float32. */
const near = (value = Number.NaN): unknown => expect.closeTo(value, value > 100 ? 3 : 5);

async function measure(logits: string, options: PerplexityOptions): Promise<Perplexity> {
  const [x, y] = [await openArray(fixture(logits)), await openArray(fixture("lm-labels.npy"))];
  const found = await perplexity(backend, x, y, options);
  await Promise.all([x.close(), y.close()]);
  return found;
}

describe("perplexity, as PyTorch's", () => {
  const wanted = expected.languageModel;

  it.each([1, 7, 51, 1000])("of a batch of texts with padding, shifted, in batches of %i tokens", async (batchRows) => {
    expect(await measure("lm-logits.npy", { shift: true, batchRows })).toEqual({
      tokens: wanted["tokens"],
      loss: near(wanted["loss"]),
      perplexity: near(wanted["perplexity"]),
      bitsPerToken: near((wanted["loss"] ?? NaN) / Math.LN2),
    });
  });

  it("of labels that are in place, and of logits in float16", async () => {
    expect(await measure("lm-logits.npy", {})).toMatchObject({
      tokens: wanted["unshiftedTokens"],
      loss: near(wanted["unshiftedLoss"]),
    });
    expect(await measure("lm-logits-half.npy", { shift: true })).toMatchObject({
      loss: near(wanted["lossHalf"]),
      perplexity: near(wanted["perplexityHalf"]),
    });
  });

  it("of one text", async () => {
    const logits = memoryArray("logits", Float32Array.of(0, 0, 3, 0, 0, 0), [3, 2]);
    const { tokens, loss } = await perplexity(backend, logits, memoryArray("labels", [1, 0, 1], [3]), { shift: true });
    expect([tokens, loss]).toEqual([2, near((Math.log(2) + Math.log1p(Math.exp(3))) / 2)]);
  });

  it("refuses labels of another shape or out of range", async () => {
    const logits = memoryArray("logits", new Float32Array(6), [3, 2]);
    await expect(perplexity(backend, logits, memoryArray("labels", [1, 0], [2]))).rejects.toThrow(ShapeError);
    await expect(perplexity(backend, logits, memoryArray("labels", [1, 0, 2], [3]))).rejects.toThrow(InputError);
  });
});

function places({ recall, meanRank, medianRank }: Ranking): unknown {
  return { "R@1": recall[1], "R@5": recall[5], "R@10": recall[10], meanRank, medianRank };
}

/** The same places: shares are of whole numbers, so nothing is rounded. */
function exactly(wanted: Places): unknown {
  return Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name, expect.closeTo(value as number, 12)]));
}

async function find(set: "pairs" | "captions", options: RetrievalOptions): Promise<Retrieval> {
  const [image, text] = [await openArray(fixture(`${set}-image.npy`)), await openArray(fixture(`${set}-text.npy`))];
  const found = await retrieval(backend, image, text, options);
  await Promise.all([image.close(), text.close()]);
  return found;
}

describe("retrieval, as sorting all scores in PyTorch", () => {
  it("of pairs", async () => {
    const { imageToText, textToImage } = await find("pairs", {});
    expect(places(imageToText)).toEqual(exactly(expected.pairs.imageToText));
    expect(places(textToImage)).toEqual(exactly(expected.pairs.textToImage));
  });

  it.each([
    ["cosine", "imageToText", "textToImage"],
    ["dot", "dotImageToText", "dotTextToImage"],
  ] as const)("of images with five captions each, by %s", async (similarity, toText, toImage) => {
    const { images, texts, imageToText, textToImage } = await find("captions", { captions: 5, similarity });
    expect([images, texts]).toEqual([24, 120]);
    expect(places(imageToText)).toEqual(exactly(expected.captions[toText]));
    expect(places(textToImage)).toEqual(exactly(expected.captions[toImage]));
  });

  it("of more than are compared at once: the same as of their places", async () => {
    const count = 2500;
    // Image i and text i look in one direction of the plane, so neighbours are the nearest, and matches are first.
    const angles = Float32Array.from({ length: 2 * count }, (_, i) => {
      const angle = Math.floor(i / 2) * (3 / count);
      return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
    });
    const image = memoryArray("image", angles, [count, 2]);
    // The texts are those of the images before: the match is one place off at least, two at most.
    const text = memoryArray("text", angles.slice(2), [count - 1, 2]);
    const found = await retrieval(
      backend,
      memoryArray("image", angles.subarray(0, 2 * (count - 1)), [count - 1, 2]),
      text,
      {
        k: [1, 4],
        dtype: "float64",
      },
    );
    expect(found.imageToText.recall[1]).toBeLessThan(0.01);
    expect(found.imageToText.recall[4]).toBe(1);
    const same = await retrieval(backend, image, image, { dtype: "float64" });
    expect([same.imageToText.recall[1], same.textToImage.meanRank]).toEqual([1, 1]);
  });

  it("a model that gives everything one score, or NaN, finds nothing", async () => {
    const flat = memoryArray("x", new Float32Array(40).fill(1), [20, 2]);
    const { imageToText } = await retrieval(backend, flat, flat);
    expect(imageToText).toMatchObject({ recall: { 1: 0, 10: 0 }, medianRank: 20 });
    const broken = memoryArray("x", new Float32Array(40).fill(Number.NaN), [20, 2]);
    expect((await retrieval(backend, broken, broken)).textToImage.recall[10]).toBe(0);
  });

  it("refuses counts that do not fit, and what is no place", async () => {
    await expect(find("captions", { captions: 4 })).rejects.toThrow(ShapeError);
    await expect(find("pairs", { k: [0] })).rejects.toThrow(OptionError);
  });
});
