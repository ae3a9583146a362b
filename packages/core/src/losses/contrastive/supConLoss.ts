import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { positive, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { anyOf, isBothKinds, maskedLogSumExp } from "../../math/pairs.js";

export interface SupConLossOptions extends BatchOptions {
  /** Similarities are divided by it. Default 0.1. */
  readonly temperature: number;
  /** The loss is multiplied by the temperature, and divided by it. Default 0.1. */
  readonly baseTemperature: number;
  /** How far embeddings are apart, or how alike they are. Default `"cosine"`. */
  readonly distance: MetricDistance;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"avgNonZero"`. */
  readonly reduction: BatchReduction;
}

/**
 * Each anchor is to find all samples of its class among the rest of the batch.
 *
 * Inputs: `embeddings` (N, D), or (N, V, D) with several views of each sample; `labels` (N), int32 or int64. Views of a
 * sample are positives of each other. Returns (N), or (N · V), with `reduction: "none"`, else a scalar. Equals
 * `pytorch_metric_learning.losses.SupConLoss`: anchors without a positive give 0, and so does a batch without positive
 * or without negative pairs.
 *
 * @formula `-1/|P| sum_p (s_ip / T - log sum_{j != i} exp(s_ij / T)) * T / baseTemperature`
 * @input embeddings - Embeddings, of several views perhaps.
 * @input labels - The class of each.
 * @note The authors divide by a base temperature; PyTorch Metric Learning does not: give the same number for both.
 * @note ntXentLoss leaves the other positives out of the denominator.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Khosla et al.: Supervised Contrastive Learning, NeurIPS 2020
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(supConLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const supConLoss: Loss<SupConLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "supConLoss",
  family: "contrastive",
  aliases: ["SupConLoss", "SupCon", "supervisedContrastiveLoss"],
  inputs: { embeddings: float(["N", "V?", "D"]), labels: labels(["N"]) },
  options: {
    temperature: positive(0.1),
    baseTemperature: positive(0.1),
    distance: metricDistance("cosine"),
    ...batchOptions(),
    reduction: batchReduction("avgNonZero"),
  },
  empty: "zero",
  value({ embeddings, labels }, { temperature, baseTemperature, distance, ...batch }) {
    const [n = 1, views = 1] = embeddings.shape;
    const isViewed = embeddings.rank === 3;
    const rows = isViewed ? embeddings.flatten(0, 1) : embeddings;
    const classes = isViewed ? labels.unsqueeze(1).expand([n, views]).flatten() : labels;
    const { matrix, within } = metricOf(distance, rows);
    const near = within(matrix, 0).mul(1 / temperature);
    return overPairs(rows, classes, batch, (pairs) => {
      const [positives, negatives] = [pairs.positives.mask, pairs.negatives.mask];
      const several = positives.cast(near.dtype).sum(1).clampMin(1);
      const own = positives.where(near, 0).sum(1).div(several);
      const values = maskedLogSumExp(near, positives.or(negatives))
        .sub(own)
        .mul(temperature / baseTemperature);
      return anyOf(positives).and(isBothKinds(pairs)).where(values, 0);
    });
  },
});
