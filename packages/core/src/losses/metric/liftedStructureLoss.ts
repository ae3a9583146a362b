import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { anyOf, counted, maskedLogSumExp, pairsOf } from "../../math/pairs.js";
import { unitNote } from "../../math/norm.js";

export interface LiftedStructureLossOptions {
  /** Distance that negatives are to exceed. Default 1. */
  readonly negMargin: number;
  /** Distance that positives may have. Default 0. */
  readonly posMargin: number;
  /** How far embeddings are apart, by name or made by `lpDistance`, `dotSimilarity`, `snrDistance`; default `"euclidean"`. */
  readonly distance: MetricDistance;
  /** Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * Each positive pair is held against all negatives of both its ends.
 *
 * `½ max(0, log Σ_n (exp(negMargin − d_in) + exp(negMargin − d_pn)) + d_ip − posMargin)²` per positive pair`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64. Returns (N, N) with `reduction: "none"`, 0 where there is no such pair, else a scalar. Equals
 * `pytorch_metric_learning.losses.LiftedStructureLoss`; 0 without positive or without negative pairs.
 *
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(liftedStructureLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const liftedStructureLoss: Loss<LiftedStructureLossOptions, { embeddings: "float"; labels: "index" }> =
  defineLoss({
    name: "liftedStructureLoss",
    family: "metric",
    summary: "Each positive pair is held against all negatives of both its ends.",
    formula: "1/2 max(0, log sum_n (exp(negMargin - d_in) + exp(negMargin - d_pn)) + d_ip - posMargin)^2",
    notes: ["Pairs are ordered: each is counted from both ends.", unitNote],
    references: [
      "Song, Xiang, Jegelka, Savarese: Deep Metric Learning via Lifted Structured Feature Embedding, CVPR 2016",
    ],
    aliases: ["LiftedStructureLoss", "LiftedStructLoss"],
    inputs: {
      embeddings: float(["N", "D"], "Embeddings."),
      labels: labels(["N"], "The class of each."),
    },
    options: {
      negMargin: finite(1, "Distance that negatives are to exceed."),
      posMargin: finite(0, "Distance that positives may have."),
      distance: metricDistance("euclidean"),
      reduction: batchReduction(),
    },
    empty: "zero",
    value({ embeddings, labels }, { negMargin, posMargin, distance }) {
      const { matrix, beyond, within } = metricOf(distance, embeddings);
      const { positives, negatives } = pairsOf(labels);
      const hasNegatives = anyOf(negatives);
      // Both ends of a pair have the same negatives: none, or some each.
      const near = hasNegatives.where(maskedLogSumExp(within(matrix, negMargin), negatives), 0);
      const [own, other] = [near.unsqueeze(1), near.unsqueeze(0)];
      // log(exp a + exp b) = a + softplus(b − a)
      const both = own.add(other.sub(own).softplus());
      const values = both.add(beyond(matrix, posMargin)).relu().square().mul(0.5);
      return counted(positives.and(hasNegatives.unsqueeze(1)), values);
    },
  });
