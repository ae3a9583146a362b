import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float, labels, parameter } from "../../loss/inputs.js";
import { finite, nonNegative, reduction, type Reduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { unitNote } from "../../math/norm.js";
import { pairsOf } from "../../math/pairs.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface MarginLossOptions {
  /** How far from the boundary pairs are to be. Default 0.2. */
  readonly margin: number;
  /** What the boundary costs; ≥ 0. Default 0. */
  readonly nu: number;
  /** How far embeddings are apart, by name or made by `lpDistance`, `dotSimilarity`, `snrDistance`; default `"euclidean"`. */
  readonly distance: MetricDistance;
  /** Default `"mean"`, over the terms that are > 0. */
  readonly reduction: Reduction;
}

/**
 * Positive pairs within, negative pairs beyond a learnt boundary, as triplets count them.
 *
 * `Σ_triplets (max(0, d_ip − β + margin) + max(0, β − d_in + margin))`, divided by how many of these terms are > 0`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64. `beta`: a scalar, or (C) for the class of the anchor.
 * Returns (N) with `reduction: "none"`, the sum over each anchor's triplets, else a scalar. Equals
 * `pytorch_metric_learning.losses.MarginLoss`: a pair counts once for each triplet it is in. Sums over triplets are sums over pairs
 * here: memory is (N, N).
 *
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(marginLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, beta: 1.2 });
 * ```
 */
export const marginLoss: Loss<MarginLossOptions, { embeddings: "float"; labels: "index"; beta: "float" }> = defineLoss({
  name: "marginLoss",
  family: "metric",
  summary: "Positive pairs within, negative pairs beyond a learnt boundary, as triplets count them.",
  formula: "sum_triplets ([d_ip - beta + margin]+ + [beta - d_in + margin]+) / number of terms > 0",
  notes: [
    "PyTorch Metric Learning starts with beta 1.2.",
    "With nu > 0 the boundary itself costs: nu * beta once, or of each class for each triplet. Of one boundary for all, reduction none has no room for it.",
    unitNote,
  ],
  references: ["Wu, Manmatha, Smola, Krähenbühl: Sampling Matters in Deep Embedding Learning, ICCV 2017"],
  aliases: ["MarginLoss", "marginBasedLoss"],
  inputs: {
    embeddings: float(["N", "D"], "Embeddings."),
    labels: labels(["N"], "The class of each."),
    beta: either(parameter([], "The boundary."), parameter(["C"], "The boundary of each class.")),
  },
  options: {
    margin: finite(0.2, "How far from the boundary pairs are to be."),
    nu: nonNegative(0, "What the boundary costs."),
    distance: metricDistance("euclidean"),
    reduction: reduction(),
  },
  empty: "zero",
  value({ embeddings, labels, beta }, { margin, nu, distance }) {
    const { matrix, beyond, within } = metricOf(distance, embeddings);
    const { positives, negatives } = pairsOf(labels);
    const many = (mask: Tensor): Tensor => mask.cast(matrix.dtype).sum(1, true);
    const bound = beta.rank === 0 ? beta : beta.take(0, labels).unsqueeze(1);
    const far = positives.where(beyond(matrix, bound).add(margin).relu(), 0).mul(many(negatives));
    const near = negatives.where(within(matrix, bound).add(margin).relu(), 0).mul(many(positives));
    const active = (terms: Tensor, others: Tensor): Tensor => terms.greater(0).where(many(others), 0);
    const pairs = { values: far.add(near).sum(1), weights: active(far, negatives).add(active(near, positives)).sum(1) };
    if (nu === 0) return pairs;
    const triplets = many(positives).mul(many(negatives));
    if (beta.rank > 0) return { ...pairs, values: pairs.values.add(triplets.mul(bound).mul(nu).squeeze(1)) };
    return { terms: [pairs, triplets.sum().greater(0).where(beta.mul(nu), 0)] };
  },
});
