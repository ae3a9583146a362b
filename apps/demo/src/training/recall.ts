import type { Dataset } from "../data/dataset.js";
import { readText } from "../data/textFeatures.js";
import { dimensions, type Encoder } from "../model/encoder.js";
import { normalizeRows } from "../model/layers.js";
import { addProduct, transpose } from "../model/matrix.js";

/** The numbers of results within which a right one is looked for. */
export const cutoffs = [1, 5, 10] as const;

/** Shares in [0, 1] of queries with a right answer among the first 1, 5 and 10. */
export type Recalls = readonly [number, number, number];

export interface Retrieval {
  readonly imageToText: Recalls;
  readonly textToImage: Recalls;
  /** Cosine of picture (row) and held-out caption (column). */
  readonly scores: Float32Array;
}

/** Encodes every picture and every held-out caption, and looks for each in the other. */
export function retrieve(encoder: Encoder, dataset: Dataset): Retrieval {
  const pictures = dataset.emoji.length;
  const queries = dataset.queries.length;
  const images = unit(encoder.encodePictures(dataset.pictures, pictures).output);
  const texts = unit(encoder.encodeTexts(dataset.queries.map(({ text }) => readText(text))).output);
  const scores = new Float32Array(pictures * queries);
  const across = transpose(texts, queries, dimensions);
  addProduct(scores, images, across, { rows: pictures, inner: dimensions, columns: queries });
  return { ...recalls(dataset, scores), scores };
}

function unit(embeddings: Float32Array): Float32Array {
  return normalizeRows(embeddings, dimensions).output;
}

function recalls(dataset: Dataset, scores: Float32Array): Omit<Retrieval, "scores"> {
  const queries = dataset.queries.length;
  // The rank of the best right answer: how many wrong ones do not score lower. So NaN never counts as found.
  const imageRanks = dataset.emoji.map((_, i) => {
    let best = -Infinity;
    dataset.queries.forEach(({ picture }, j) => {
      if (picture === i) best = Math.max(best, scores[i * queries + j] ?? 0);
    });
    let rank = 0;
    dataset.queries.forEach(({ picture }, j) => {
      if (picture !== i && !((scores[i * queries + j] ?? 0) < best)) rank++;
    });
    return rank;
  });
  const textRanks = dataset.queries.map(({ picture }, j) => {
    const right = scores[picture * queries + j] ?? 0;
    let rank = 0;
    for (let i = 0; i < dataset.emoji.length; i++) {
      if (i !== picture && !((scores[i * queries + j] ?? 0) < right)) rank++;
    }
    return rank;
  });
  return { imageToText: shares(imageRanks), textToImage: shares(textRanks) };
}

function shares(ranks: readonly number[]): Recalls {
  const within = (k: number): number => ranks.filter((rank) => rank < k).length / Math.max(1, ranks.length);
  return [within(1), within(5), within(10)];
}

/** What guessing reaches: one right picture for a caption, several right captions for a picture. */
export function chance(dataset: Dataset): Pick<Retrieval, "imageToText" | "textToImage"> {
  const pictures = dataset.emoji.length;
  const queries = dataset.queries.length;
  const right = Math.round(queries / Math.max(1, pictures));
  return { imageToText: guessing(queries, right), textToImage: guessing(pictures, 1) };
}

/** 1 - C(total - right, k) / C(total, k). */
function guessing(total: number, right: number): Recalls {
  const within = (k: number): number => {
    let miss = 1;
    for (let i = 0; i < k; i++) miss *= Math.max(0, total - right - i) / Math.max(1, total - i);
    return 1 - miss;
  };
  return [within(1), within(5), within(10)];
}
