import type { Tensor } from "../tensor/tensor.js";
import { dot } from "./distance.js";
import { vectorNorm } from "./norm.js";

/** How the similarities of fragments are normalised over the attending ones, before attention. */
export const attentionNorms = [
  "softmax",
  "l2norm",
  "clippedL2norm",
  "l1norm",
  "clippedL1norm",
  "clipped",
  "noNorm",
] as const;
export type AttentionNorm = (typeof attentionNorms)[number];

/** How the similarities of fragments become that of the whole. */
export const aggregations = ["logSumExp", "max", "sum", "mean"] as const;
export type Aggregation = (typeof aggregations)[number];

/** Fragments of each item, (items, fragments, D), zeros where `valid` is false. */
export interface Fragments {
  readonly x: Tensor;
  /** Which fragments there are, (items, fragments); absent: all. */
  readonly valid: Tensor | undefined;
}

export interface CrossAttentionOptions {
  readonly normalization: AttentionNorm;
  readonly aggregation: Aggregation;
  readonly lambdaSoftmax: number;
  readonly lambdaLse: number;
}

/**
 * Stacked cross attention (SCAN): similarities (C, Q) of contexts and queries. Each fragment of a query attends to those of a context,
 * and is compared with what it attended to.
 */
export function crossAttention(query: Fragments, context: Fragments, options: CrossAttentionOptions): Tensor {
  const [queries = 0, parts = 0] = query.x.shape;
  const [contexts = 0, places = 0] = context.x.shape;
  const rows = query.x.flatten(0, 1);
  const similarity = context.x.flatten(0, 1).matmul(rows.transpose()).reshape([contexts, places, queries, parts]);
  const attention = normalizeOverQuery(similarity, options.normalization, query.valid).mul(options.lambdaSoftmax);
  const weights = within(context.valid?.unsqueeze([2, 3]), attention, -Infinity).softmax(1);
  // What each fragment of a query attends to: (C, Q·A, B) @ (C, B, D)
  const attended = weights.flatten(2, 3).transpose([0, 2, 1]).matmul(context.x);
  const cosines = cosine(rows.unsqueeze(0), attended);
  return aggregate(cosines.reshape([contexts, queries, parts]), query.valid?.unsqueeze(0), options);
}

/** Over the fragments of the query, the last axis, as the authors do it: eps is added to the norm. */
function normalizeOverQuery(x: Tensor, how: AttentionNorm, valid: Tensor | undefined): Tensor {
  const clipped = (): Tensor => x.greater(0).where(x, x.mul(0.1));
  const scaled = (y: Tensor, p: 1 | 2): Tensor => y.div(vectorNorm(y, p, 3, true).add(1e-8));
  switch (how) {
    case "softmax":
      return within(valid?.unsqueeze([0, 1]), x, -Infinity).softmax(3);
    case "l2norm":
      return scaled(x, 2);
    case "clippedL2norm":
      return scaled(clipped(), 2);
    case "l1norm":
      return scaled(x, 1);
    case "clippedL1norm":
      return scaled(clipped(), 1);
    case "clipped":
      return clipped();
    case "noNorm":
      return x;
  }
}

/** As the authors: the product of the norms counts as at least 1e-8, and has no gradient below. */
function cosine(x: Tensor, y: Tensor): Tensor {
  return dot(x, y).div(vectorNorm(x, 2).mul(vectorNorm(y, 2)).clampMin(1e-8));
}

function aggregate(r: Tensor, valid: Tensor | undefined, { aggregation, lambdaLse }: CrossAttentionOptions): Tensor {
  switch (aggregation) {
    case "logSumExp":
      return within(valid, r.mul(lambdaLse), -Infinity).logSumExp(2).div(lambdaLse);
    case "max":
      return within(valid, r, -Infinity).max(2);
    case "sum":
      return within(valid, r, 0).sum(2);
    case "mean":
      return within(valid, r, 0)
        .sum(2)
        .div(valid?.cast(r.dtype).sum(2) ?? r.count(2));
  }
}

/** `x` where there is a fragment, another number elsewhere. */
function within(valid: Tensor | undefined, x: Tensor, elsewhere: number): Tensor {
  return valid === undefined ? x : valid.where(x, elsewhere);
}
