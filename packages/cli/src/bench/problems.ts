import {
  binaryCrossEntropyWithLogits,
  clipLoss,
  crossEntropy,
  klDiv,
  smoothL1Loss,
  tripletMarginLoss,
  vseLoss,
  type HostTensor,
  type LossSpec,
} from "@losses/core";
import { labels, logProbabilities, normal, probabilities, unitRows } from "./inputs.js";

/** The losses that are measured. */
export type Kind = "crossEntropy" | "triplet" | "clip" | "vse" | "kl" | "smoothL1" | "bce";

/** A loss at a size: `rows` samples of `columns` numbers. */
export interface Problem {
  readonly kind: Kind;
  readonly rows: number;
  readonly columns: number;
}

/** What is timed: the value alone, or the value and its gradients. */
export type Part = "forward" | "gradient";

/** Inputs by name. */
export type Inputs = Readonly<Record<string, HostTensor>>;

/** What a loss is measured with; every peer computes the same. */
export interface KindFacts {
  readonly spec: LossSpec;
  /** The inputs that are differentiated. */
  readonly wrt: readonly string[];
  readonly inputs: (rows: number, columns: number) => Inputs;
}

/** The options that peers have to repeat. */
export const tripletOptions = { margin: 1, eps: 1e-6 } as const;
export const vseMargin = 0.2;
const logitScale = 1 / 0.07;

export const kinds: { readonly [K in Kind]: KindFacts } = {
  crossEntropy: {
    spec: crossEntropy() as LossSpec,
    wrt: ["input"],
    inputs: (rows, columns) => ({
      input: floats(normal(1, rows * columns), [rows, columns]),
      target: { data: labels(2, rows, columns), shape: [rows], dtype: "int32" },
    }),
  },
  triplet: {
    spec: tripletMarginLoss(tripletOptions) as LossSpec,
    wrt: ["anchor", "positive", "negative"],
    inputs: (rows, columns) => ({
      anchor: floats(normal(1, rows * columns), [rows, columns]),
      positive: floats(normal(2, rows * columns), [rows, columns]),
      negative: floats(normal(3, rows * columns), [rows, columns]),
    }),
  },
  clip: {
    spec: clipLoss() as LossSpec,
    wrt: ["image", "text"],
    inputs: (rows, columns) => ({
      ...embeddings(rows, columns),
      logitScale: floats(Float32Array.of(logitScale), []),
    }),
  },
  vse: {
    // On rows of length 1 the dot product is the cosine; normalising is not what is measured.
    spec: vseLoss({ margin: vseMargin, maxViolation: true, similarity: "dot" }) as LossSpec,
    wrt: ["image", "text"],
    inputs: embeddings,
  },
  kl: {
    spec: klDiv({ logTarget: true }) as LossSpec,
    wrt: ["input", "target"],
    inputs: (rows, columns) => ({
      input: floats(logProbabilities(1, rows, columns), [rows, columns]),
      target: floats(logProbabilities(2, rows, columns), [rows, columns]),
    }),
  },
  smoothL1: {
    spec: smoothL1Loss() as LossSpec,
    wrt: ["input"],
    inputs: (rows, columns) => ({
      input: floats(normal(1, rows * columns), [rows, columns]),
      target: floats(normal(2, rows * columns), [rows, columns]),
    }),
  },
  bce: {
    spec: binaryCrossEntropyWithLogits() as LossSpec,
    wrt: ["input"],
    inputs: (rows, columns) => ({
      input: floats(normal(1, rows * columns), [rows, columns]),
      target: floats(probabilities(2, rows * columns), [rows, columns]),
    }),
  },
};

function embeddings(rows: number, columns: number): Inputs {
  return {
    image: floats(unitRows(1, rows, columns), [rows, columns]),
    text: floats(unitRows(2, rows, columns), [rows, columns]),
  };
}

function floats(data: Float32Array, shape: readonly number[]): HostTensor {
  return { data, shape, dtype: "float32" };
}
