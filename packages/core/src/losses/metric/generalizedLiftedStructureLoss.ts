import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { anyOf, maskedLogSumExp, pairsOf } from "../../math/pairs.js";
import { unitNote } from "../../math/norm.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface GeneralizedLiftedStructureLossOptions {
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
 * Each anchor: all its positives against all its negatives.
 *
 * `max(0, lse_p(d_ip − posMargin) + lse_n(negMargin − d_in))` per anchor`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64. Returns (N) with `reduction: "none"`, else a scalar. Equals
 * `pytorch_metric_learning.losses.GeneralizedLiftedStructureLoss`: a sum over no pairs counts as 0 after the logarithm.
 *
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(generalizedLiftedStructureLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const generalizedLiftedStructureLoss: Loss<
  GeneralizedLiftedStructureLossOptions,
  { embeddings: "float"; labels: "index" }
> = defineLoss({
  name: "generalizedLiftedStructureLoss",
  family: "metric",
  summary: "Each anchor: all its positives against all its negatives.",
  formula: "max(0, lse_p(d_ip - posMargin) + lse_n(negMargin - d_in))",
  notes: ["The mean is over all anchors, those without pairs included.", unitNote],
  references: ["Hermans, Beyer, Leibe: In Defense of the Triplet Loss for Person Re-Identification, 2017"],
  aliases: ["GeneralizedLiftedStructureLoss"],
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
    const total = (x: Tensor, mask: Tensor): Tensor => anyOf(mask).where(maskedLogSumExp(x, mask), 0);
    return total(beyond(matrix, posMargin), positives)
      .add(total(within(matrix, negMargin), negatives))
      .relu();
  },
});
