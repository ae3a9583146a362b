import {
  checkBackend,
  defineLoss,
  float,
  listRule,
  oneOf,
  readOptions,
  ShapeError,
  type Backend,
  type CancelSignal,
  type FloatDType,
  type Loss,
  type Rules,
  type Tensor,
} from "@losses/core";
import { countRule, floatRule, functionRule, signalRule } from "../arguments.js";
import { givenSource } from "../givenSource.js";
import { checkRoom, type ArraySource, type Rows } from "../arraySource.js";
import { numbersOf, type Numbers } from "./passes.js";
import { fileFloat, rowShape } from "./batchPlan.js";

export interface RetrievalOptions {
  /** How many texts belong to each image: texts 0 … c − 1 to the first, the next c to the second. Default 1. */
  readonly captions?: number;
  /** Default `"cosine"`; `"dot"` takes embeddings as they are. */
  readonly similarity?: "cosine" | "dot";
  /** Default 1, 5, 10. */
  readonly k?: readonly number[];
  readonly dtype?: FloatDType;
  readonly signal?: CancelSignal;
  /** Called after each stretch of images and texts that have been compared; there are `total`. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** How well one side finds the other. */
export interface Ranking {
  /** The share of queries with a match among the first k, by k. */
  readonly recall: Readonly<Record<number, number>>;
  /** The mean of the place of a query's best match; 1 is the first. */
  readonly meanRank: number;
  readonly medianRank: number;
}

export interface Retrieval {
  readonly images: number;
  readonly texts: number;
  readonly imageToText: Ranking;
  readonly textToImage: Ranking;
}

const rules: Rules<RetrievalOptions> = {
  captions: countRule,
  similarity: { domain: '"cosine" or "dot"', accepts: (value) => value === "cosine" || value === "dot" },
  k: listRule("a list of integers > 0", countRule),
  dtype: floatRule,
  signal: signalRule,
  onProgress: functionRule,
};

/** Rows of each side that are compared at once. */
const tileRows = 2048;

/**
 * Recall, mean and median rank of image and text embeddings in files, in both directions. All are compared with all, a few
 * thousand at a time, so memory grows with their number and not with its square.
 *
 * What scores as high as a match counts as found before it: a model that gives everything one score finds nothing.
 *
 * @param imageArray (N, D)
 * @param textArray (N · captions, D)
 * @example
 * ```ts
 * const { textToImage } = await retrieval(backend, images, texts, { captions: 5 });
 * console.log(textToImage.recall[1]);
 * ```
 */
export async function retrieval<T>(
  backend: Backend<T>,
  imageArray: ArraySource,
  textArray: ArraySource,
  options?: RetrievalOptions,
): Promise<Retrieval> {
  checkBackend("retrieval", backend);
  const image = givenSource("retrieval", "image", imageArray);
  const text = givenSource("retrieval", "text", textArray);
  const given = readOptions("retrieval", options, rules);
  const { captions = 1, k = [1, 5, 10], similarity = "cosine", signal, onProgress } = given;
  const dtype = given.dtype ?? backend.dtypes[0] ?? "float32";
  const compiled = await backend.compile(similarities({ similarity, reduction: "none" }), { dtype });
  const compare = async (images: Rows, texts: Rows): Promise<Numbers> => {
    const feeds = {
      image: { data: images.data, shape: [images.rows, ...rowShape(image)] },
      text: { data: texts.data, shape: [texts.rows, ...rowShape(text)] },
    };
    const tensor = await compiled.value(feeds, signal === undefined ? {} : { signal });
    try {
      return numbersOf(await backend.read(tensor));
    } finally {
      backend.release(tensor);
    }
  };
  const tiles = new Tiles(image, text, fileFloat(dtype));
  const { images, texts } = await tiles.count();
  if (texts !== images * captions) {
    throw new ShapeError(`retrieval: text must have ${images} · ${captions} rows for ${images} images, got ${texts}.`);
  }
  checkRoom(text.name, texts);
  const total = 2 * Math.ceil(images / tileRows);
  let done = 0;
  // How high each text scores with its image, and each image with the best of its texts.
  const ofText = new Float64Array(texts).fill(-Infinity);
  const ofImage = new Float64Array(images).fill(-Infinity);
  const step = (): void => onProgress?.({ done: (done += 1), total });
  await tiles.each(step, async (a, images_, b, texts_) => {
    const [from, to] = [a * captions, (a + images_.rows) * captions];
    if (b + texts_.rows <= from || b >= to) return;
    const scores = await compare(images_, texts_);
    for (let j = Math.max(b, from); j < Math.min(b + texts_.rows, to); j++) {
      const own = Math.floor(j / captions);
      const score = scores[(own - a) * texts_.rows + (j - b)] ?? Number.NaN;
      ofText[j] = score;
      ofImage[own] = Math.max(ofImage[own] ?? Number.NaN, score);
    }
  });
  const aheadOfText = new Int32Array(texts);
  const aheadOfImage = new Int32Array(images);
  await tiles.each(step, async (a, images_, b, texts_) => {
    const scores = await compare(images_, texts_);
    for (let i = 0; i < images_.rows; i++) {
      const best = ofImage[a + i] ?? Number.NaN;
      for (let j = 0; j < texts_.rows; j++) {
        if (Math.floor((b + j) / captions) === a + i) continue;
        const score = scores[i * texts_.rows + j] ?? Number.NaN;
        // Written so that a NaN is ahead, and that everything is ahead of one.
        if (!(score < best)) aheadOfImage[a + i] = (aheadOfImage[a + i] ?? 0) + 1;
        if (!(score < (ofText[b + j] ?? Number.NaN))) aheadOfText[b + j] = (aheadOfText[b + j] ?? 0) + 1;
      }
    }
  });
  return { images, texts, imageToText: ranking(aheadOfImage, k), textToImage: ranking(aheadOfText, k) };
}

/** The two files, in stretches of rows. */
class Tiles {
  readonly #image: ArraySource;
  readonly #text: ArraySource;
  readonly #float: FloatDType;

  constructor(image: ArraySource, text: ArraySource, dtype: FloatDType) {
    this.#image = image;
    this.#text = text;
    this.#float = dtype;
  }

  async count(): Promise<{ readonly images: number; readonly texts: number }> {
    return { images: await this.#rows(this.#image), texts: await this.#rows(this.#text) };
  }

  async #rows(source: ArraySource): Promise<number> {
    if (source.shape[0] !== undefined) return source.shape[0];
    let rows = 0;
    for await (const batch of source.batches(tileRows)) rows += batch.rows;
    return rows;
  }

  /** Every stretch of images with every stretch of texts. */
  async each(
    step: () => void,
    work: (a: number, images: Rows, b: number, texts: Rows) => Promise<void>,
  ): Promise<void> {
    let a = 0;
    for await (const images of this.#image.batches(tileRows, this.#float)) {
      let b = 0;
      for await (const texts of this.#text.batches(tileRows, this.#float)) {
        await work(a, images, b, texts);
        b += texts.rows;
      }
      a += images.rows;
      step();
    }
  }
}

function ranking(ahead: Int32Array, k: readonly number[]): Ranking {
  const sorted = ahead.slice().sort();
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  const mean = (values: Int32Array, of: (value: number) => number): number =>
    values.reduce((sum, value) => sum + of(value), 0) / values.length;
  return {
    recall: Object.fromEntries(k.map((one) => [one, mean(ahead, (before) => (before < one ? 1 : 0))])),
    meanRank: mean(ahead, (before) => before + 1),
    medianRank: low === undefined || high === undefined ? Number.NaN : (low + high) / 2 + 1,
  };
}

interface SimilarityOptions {
  readonly similarity: "cosine" | "dot";
  readonly reduction: "none";
}

/** The scores of all images with all texts, as a loss that is never reduced: so every backend computes them. */
const similarities: Loss<SimilarityOptions, { image: "float"; text: "float" }> = defineLoss({
  name: "similarities",
  inputs: { image: float(["N", "D"], "Image embeddings."), text: float(["M", "D"], "Text embeddings.") },
  options: {
    similarity: oneOf(["cosine", "dot"], "cosine", "How scores come from embeddings."),
    reduction: oneOf(["none"], "none", "Scores are never reduced."),
  },
  value({ image, text }, { similarity }) {
    const unit = (x: Tensor): Tensor => x.div(x.square().sum(1, true).sqrt().clampMin(1e-12));
    const [rows, columns] = similarity === "cosine" ? [unit(image), unit(text)] : [image, text];
    return rows.matmul(columns.transpose());
  },
});
