import { randomInteger, shuffled, type Random } from "../random.js";
import { splitCaptions, trainCaption, type Caption, type Captions } from "./captions.js";
import { languages, loadEmoji, type Emoji } from "./emoji.js";
import { pictureFeatures, readFeatures } from "./picture.js";
import { readText } from "./textFeatures.js";

/** A held-out caption with the picture it belongs to. */
export interface Query extends Caption {
  readonly picture: number;
}

export interface Dataset {
  readonly emoji: readonly Emoji[];
  /** One row of features for each picture. */
  readonly pictures: Float32Array;
  readonly captions: readonly Captions[];
  /** Held-out captions, never seen in training: two for each picture. */
  readonly queries: readonly Query[];
}

/** Pictures with their captions, both as the encoders read them. */
export interface Batch {
  readonly size: number;
  /** The picture that each row shows: what labels are made of. */
  readonly labels: Int32Array;
  readonly pictures: Float32Array;
  readonly texts: readonly Int32Array[];
}

/** The pictures with their captions; with a limit, that many of them, of every kind. */
export function loadDataset(random: Random, limit: number = Infinity): Dataset {
  const all = loadEmoji();
  const emoji = all.length <= limit ? all : shuffled(all, random).slice(0, limit);
  const pictures = new Float32Array(emoji.length * pictureFeatures);
  emoji.forEach(({ file }, i) => pictures.set(readFeatures(file), i * pictureFeatures));
  const captions = emoji.map((item) => splitCaptions(item, random));
  const queries = captions.flatMap(({ test }, picture) => test.map((caption) => ({ ...caption, picture })));
  return { emoji, pictures, captions, queries };
}

/** An endless stream of batches: every picture once in each round, with `perPicture` fresh captions. */
export function* batches(dataset: Dataset, size: number, perPicture: number, random: Random): Generator<Batch, never> {
  let order: number[] = [];
  const distinct = Math.floor(size / perPicture);
  for (;;) {
    if (order.length < distinct) order = shuffled([...dataset.emoji.keys()], random);
    const chosen = order.splice(0, distinct);
    yield makeBatch(
      dataset,
      chosen.flatMap((picture) => Array.from({ length: perPicture }, () => picture)),
      random,
    );
  }
}

function makeBatch(dataset: Dataset, labels: readonly number[], random: Random): Batch {
  const pictures = new Float32Array(labels.length * pictureFeatures);
  labels.forEach((label, i) => {
    pictures.set(
      dataset.pictures.subarray(label * pictureFeatures, (label + 1) * pictureFeatures),
      i * pictureFeatures,
    );
  });
  const texts = labels.map((label) => {
    const captions = dataset.captions[label];
    const language = languages[randomInteger(languages.length, random)];
    if (captions === undefined || language === undefined) throw new RangeError(`batch: there is no picture ${label}.`);
    return readText(trainCaption(captions, language, random));
  });
  return { size: labels.length, labels: Int32Array.from(labels), pictures, texts };
}
