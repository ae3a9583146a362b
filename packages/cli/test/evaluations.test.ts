import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { losses } from "./command.js";

// Inputs, and what PyTorch makes of them: written by packages/io/test/generate/evaluations.py.
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/evaluations/${name}`, import.meta.url));
type Places = Readonly<Record<"R@1" | "R@5" | "R@10" | "meanRank" | "medianRank", number>>;
const expected = JSON.parse(readFileSync(fixture("expected.json"), "utf8")) as {
  readonly languageModel: Readonly<Record<"tokens" | "loss" | "perplexity" | "lossHalf" | "perplexityHalf", number>>;
  readonly pairs: Readonly<Record<"clip" | "clipInBatches", number>>;
  readonly captions: Readonly<Record<"imageToText" | "textToImage", Places>>;
};

/** Runs a command line as the README writes it; a file is one of the fixtures. */
async function run(line: string): Promise<unknown> {
  const args = line.split(" ").map((word) => word.replace(/[\w-]+\.npy/, fixture));
  const { status, out, err } = await losses([...args, "--json"]);
  expect({ status, err: status === 0 ? "" : err }).toEqual({ status: 0, err: "" });
  return JSON.parse(out);
}

const near = (value: number): unknown => expect.closeTo(value, value > 100 ? 3 : 5);
const ranking = (places: Places): unknown => ({
  recall: {
    1: expect.closeTo(places["R@1"], 9),
    5: expect.closeTo(places["R@5"], 9),
    10: expect.closeTo(places["R@10"], 9),
  },
  meanRank: expect.closeTo(places.meanRank, 9),
  medianRank: places.medianRank,
});

describe("evaluations by one line give PyTorch's numbers", { timeout: 120_000 }, () => {
  it.each([
    ["lm-logits.npy", "loss", "perplexity"],
    ["lm-logits-half.npy", "lossHalf", "perplexityHalf"],
  ] as const)("the perplexity of a language model from %s", async (logits, loss, perplexity) => {
    const { languageModel } = expected;
    expect(await run(`perplexity --input logits=${logits} --input labels=lm-labels.npy --shift`)).toMatchObject({
      tokens: languageModel.tokens,
      loss: near(languageModel[loss]),
      perplexity: near(languageModel[perplexity]),
    });
  });

  it("the recall of images and texts", async () => {
    expect(
      await run("recall --input image=captions-image.npy --input text=captions-text.npy --captions 5"),
    ).toMatchObject({
      imageToText: ranking(expected.captions.imageToText),
      textToImage: ranking(expected.captions.textToImage),
    });
  });

  it("the contrastive loss of images and texts, of all pairs and within batches", async () => {
    const line = "run clipLoss --input image=pairs-image.npy --input text=pairs-text.npy --input logitScale=20";
    expect(await run(line)).toMatchObject({ value: near(expected.pairs.clip), exact: true });
    expect(await run(`${line} --batch 20`)).toMatchObject({ value: near(expected.pairs.clipInBatches), exact: false });
  });
});
