import { pictureFeatures } from "../data/picture.js";
import { textBuckets } from "../data/textFeatures.js";
import type { Random } from "../random.js";
import { dense, embeddingBag, normalizeRows, relu, sequence, type Forward } from "./layers.js";
import { createParameter, type Parameter } from "./parameter.js";

/** Width of the space that pictures and texts meet in. */
export const dimensions = 64;
const hidden = 96;

/** Two towers into one space: pictures through two dense layers, texts through a sum of embedded pieces. */
export interface Encoder {
  readonly parameters: readonly Parameter[];
  /** Whether embeddings are divided by their length; some losses want the length free. */
  readonly normalized: boolean;
  encodePictures(features: Float32Array, rows: number): Forward;
  encodeTexts(texts: readonly Int32Array[]): Forward;
}

export function createEncoder(random: Random, normalized: boolean): Encoder {
  const picture = {
    weight1: createParameter(pictureFeatures, hidden, random, { spread: Math.sqrt(2 / 60) }),
    bias1: createParameter(1, hidden, random, { spread: 0 }),
    weight2: createParameter(hidden, dimensions, random, { spread: Math.sqrt(1 / hidden) }),
    bias2: createParameter(1, dimensions, random, { spread: 0 }),
  };
  const table = createParameter(textBuckets, dimensions, random, { spread: 0.08, sparse: true });
  const finish = normalized ? [(x: Float32Array): Forward => normalizeRows(x, dimensions)] : [];
  return {
    parameters: [...Object.values(picture), table],
    normalized,
    encodePictures: (features, rows) =>
      sequence(features, [
        (x) => dense(x, rows, picture.weight1, picture.bias1, true),
        relu,
        (x) => dense(x, rows, picture.weight2, picture.bias2),
        ...finish,
      ]),
    encodeTexts: (texts) => sequence(new Float32Array(0), [() => embeddingBag(table, texts), ...finish]),
  };
}
