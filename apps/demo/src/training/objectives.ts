import {
  clipLoss,
  cmpcLoss,
  cmpmLoss,
  contrastiveLoss,
  crossEntropy,
  infoNceLoss,
  klDiv,
  mmcaTripletLoss,
  rankingLoss,
  siglipLoss,
  tripletMarginLoss,
  vseLoss,
} from "@losses/core";
import { logSoftmaxRows } from "../model/layers.js";
import { dimensions } from "../model/encoder.js";
import { createParameter } from "../model/parameter.js";
import { adversarial } from "./adversarial.js";
import type { Embedded, Objective, Term } from "./objective.js";
import {
  exponential,
  fixed,
  rolled,
  scalar,
  scores,
  stacked,
  through,
  trained,
  whole,
  type Source,
} from "./sources.js";

const margin = 0.2;
/** How many mismatched partners the losses that compare pair by pair get for each matched pair. */
const negatives = 12;
const mismatched: readonly number[] = Array.from({ length: negatives }, (_, i) => i + 1);
const matched: readonly number[] = mismatched.map(() => 0);
/** Factor of the cosines where a softmax follows. */
const softmaxScale = 16;

/** The objectives of the survey, in the order in which they are trained. */
export const objectives: readonly Objective[] = [
  {
    name: "rankingLoss",
    doc: `Cosine of the matched pair against ${negatives} mismatched ones, picture to text and text to picture.`,
    suits: "Pairs whose mismatches you choose yourself, where only the order of the scores counts.",
    normalized: true,
    learningRate: 0.02,
    create: () => stateless(rankingLoss({ margin }), bothWays),
  },
  {
    name: "tripletMarginLoss",
    doc: `Euclidean distance of the matched pair against ${negatives} mismatched ones, both ways.`,
    suits: "Given triplets, where distances are what is used later: nearest neighbours, clusters, thresholds.",
    normalized: true,
    learningRate: 0.02,
    create: () => stateless(tripletMarginLoss({ margin }), bothWays),
  },
  {
    name: "mmcaTripletLoss",
    doc: `The bidirectional triplet: ${negatives} wrong texts for the picture and wrong pictures for the text.`,
    suits: "Search in both directions with mismatches chosen for each side.",
    normalized: true,
    learningRate: 0.02,
    create: () =>
      stateless(mmcaTripletLoss({ margin }), ({ image, text }) => ({
        image: rolled(image, matched),
        text: rolled(text, matched),
        negativeText: rolled(text, mismatched),
        negativeImage: rolled(image, mismatched),
      })),
  },
  {
    name: "contrastiveLoss",
    doc: `Pairs: the matched one to be pulled together, ${negatives} mismatched ones to be pushed apart.`,
    suits: "Pairs that are only known to match or not, one by one: verification.",
    normalized: true,
    learningRate: 0.02,
    create: () =>
      stateless(contrastiveLoss({ margin: 1.2 }), ({ image, text }) => {
        const shifts = [0, ...mismatched];
        const target = new Float32Array(shifts.length * image.rows).fill(1, 0, image.rows);
        return {
          input1: rolled(
            image,
            shifts.map(() => 0),
          ),
          input2: rolled(text, shifts),
          target: fixed(target, [target.length]),
        };
      }),
  },
  {
    name: "vseLoss",
    doc: "Hinges of every matched pair against all other pairs of the batch, summed.",
    suits: "Small batches and noisy captions: every mismatch helps, none decides alone.",
    normalized: true,
    learningRate: 0.02,
    create: () => stateless(vseLoss({ margin }), pair),
  },
  {
    name: "vseLoss++",
    doc: "The hardest mismatch of each row and column only (VSE++), after a start with the sum of all.",
    suits: "Clean captions, and an encoder that already ranks: the hardest mismatch teaches most.",
    normalized: true,
    learningRate: 0.02,
    create: () => {
      const sum = vseLoss({ margin });
      const hardest = vseLoss({ margin, maxViolation: true });
      return {
        parameters: [],
        terms: (embedded, progress) => [{ spec: progress < warmUp ? sum : hardest, inputs: pair(embedded) }],
      };
    },
  },
  {
    name: "crossEntropy",
    doc: "Which text of the batch belongs to the picture, and the reverse: classification by scaled cosines.",
    suits: "Scores that you compute yourself, with one right answer in each row.",
    normalized: true,
    learningRate: 0.02,
    create: () =>
      stateless(crossEntropy(), ({ image, text }) => {
        const { rows } = image;
        const target = Int32Array.from({ length: 2 * rows }, (_, i) => i % rows);
        return { input: scores(image, text, softmaxScale), target: fixed(target, [2 * rows]) };
      }),
  },
  {
    name: "klDiv",
    doc: "The softmax of scaled cosines against the true matches, two captions of each picture in a batch.",
    suits: "Several right answers for one question, with shares that you know.",
    normalized: true,
    learningRate: 0.02,
    perPicture: 2,
    create: () =>
      stateless(klDiv({ reduction: "batchmean" }), ({ image, text, labels }) => {
        const { rows } = image;
        const all = scores(image, text, softmaxScale);
        return {
          input: through(all, 2 * rows, (x) => logSoftmaxRows(x, rows)),
          target: fixed(matchingShares(labels), [2 * rows, rows]),
        };
      }),
  },
  {
    name: "cmpmLoss+cmpcLoss",
    doc: "Projection matching over the batch, and classification of the projections into the pictures.",
    suits: "Several captions of each picture, and pictures that are known as classes.",
    normalized: false,
    learningRate: 0.008,
    perPicture: 2,
    create: ({ random, pictures }) => {
      const weight = createParameter(dimensions, pictures, random, { spread: 0.1 });
      const matching = cmpmLoss();
      const classifying = cmpcLoss();
      return {
        parameters: [weight],
        terms: (embedded) => {
          const labels = fixed(embedded.labels, [embedded.labels.length]);
          return [
            { spec: matching, inputs: { ...pair(embedded), labels } },
            { spec: classifying, inputs: { ...pair(embedded), weight: trained(weight), labels } },
          ];
        },
      };
    },
  },
  {
    name: "clipLoss",
    doc: "Symmetric cross-entropy over the batch, its scale learnt as well.",
    suits: "Search in both directions with large batches: the place to start.",
    normalized: true,
    learningRate: 0.02,
    create: ({ random }) => {
      const logScale = createParameter(1, 1, random, { spread: 0 });
      logScale.value[0] = Math.log(1 / 0.07);
      return { parameters: [logScale], terms: (embedded) => [clipTerm(embedded, exponential(logScale))] };
    },
  },
  {
    name: "infoNceLoss",
    doc: "Cross-entropy one way only: each text looks for its picture among those of the batch.",
    suits: "Search in one direction, and negatives from elsewhere, such as a memory bank.",
    normalized: true,
    learningRate: 0.02,
    create: () =>
      stateless(infoNceLoss({ temperature: 1 / softmaxScale }), ({ image, text }) => ({
        query: whole(text),
        positive: whole(image),
      })),
  },
  {
    name: "siglipLoss",
    doc: "Every picture with every text as a yes-or-no question of its own, scale and bias learnt as well.",
    suits: "Batches of any size, small ones and split ones too: no softmax over the batch.",
    normalized: true,
    learningRate: 0.02,
    create: ({ random }) => {
      const logScale = createParameter(1, 1, random, { spread: 0 });
      const bias = createParameter(1, 1, random, { spread: 0 });
      // Where its authors start.
      logScale.value[0] = Math.log(10);
      bias.value[0] = -10;
      const spec = siglipLoss();
      return {
        parameters: [logScale, bias],
        terms: (embedded) => [
          { spec, inputs: { ...pair(embedded), logitScale: exponential(logScale), logitBias: scalar(bias) } },
        ],
      };
    },
  },
  adversarial(clipTerm),
];

/**
 * Share of the training in which VSE++ still sums over all mismatches. With the hardest alone an untrained encoder makes
 * all embeddings alike and stalls there, at a loss of 2 · batch · margin.
 */
const warmUp = 0.6;

const clip = clipLoss();

function clipTerm(embedded: Embedded, logitScale: Source): Term {
  return { spec: clip, inputs: { ...pair(embedded), logitScale } };
}

function stateless(
  spec: Term["spec"],
  inputs: (embedded: Embedded) => Term["inputs"],
): ReturnType<Objective["create"]> {
  return { parameters: [], terms: (embedded) => [{ spec, inputs: inputs(embedded) }] };
}

function pair({ image, text }: Embedded): { readonly image: Source; readonly text: Source } {
  return { image: whole(image), text: whole(text) };
}

/** Pictures as anchors among texts, and below them texts as anchors among pictures. */
function bothWays({ image, text }: Embedded): Term["inputs"] {
  return {
    anchor: stacked([rolled(image, matched), rolled(text, matched)]),
    positive: stacked([rolled(text, matched), rolled(image, matched)]),
    negative: stacked([rolled(text, mismatched), rolled(image, mismatched)]),
  };
}

/** Row i: equal shares for every row of the same picture; once for each direction. */
function matchingShares(labels: Int32Array): Float32Array {
  const size = labels.length;
  const shares = new Float32Array(2 * size * size);
  for (let row = 0; row < 2 * size; row++) {
    const label = labels[row % size];
    const count = labels.filter((other) => other === label).length;
    labels.forEach((other, column) => {
      if (other === label) shares[row * size + column] = 1 / count;
    });
  }
  return shares;
}
