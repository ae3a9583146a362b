import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { positive, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { anyOf, maskedLogSumExp, pairsOf } from "../../math/pairs.js";

export interface NcaLossOptions extends BatchOptions {
  /** Factor of the distances. Default 1. */
  readonly scale: number;
  /** How far embeddings are apart, or how alike they are. Default `"squaredEuclidean"`. */
  readonly distance: MetricDistance;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * The chance that a neighbour, drawn the likelier the nearer it is, has the same class.
 *
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.NCALoss`: the mean is
 * over anchors that have a positive.
 *
 * @formula `-log(sum_p exp(-scale d_ip) / sum_{j != i} exp(-scale d_ij))`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note If no anchor has a positive it is 0; PyTorch Metric Learning gives NaN. That is the option empty.
 * @note A miner gives weights: how often it names a sample, by the most.
 * @note Exact where the chance is below the smallest number; PyTorch Metric Learning drops such anchors.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Goldberger, Roweis, Hinton, Salakhutdinov: Neighbourhood Components Analysis, NIPS 2004
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(ncaLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const ncaLoss: Loss<NcaLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "ncaLoss",
  family: "metric",
  aliases: ["NCALoss", "neighbourhoodComponentsAnalysis", "softNearestNeighborLoss"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
  options: {
    scale: positive(1),
    distance: metricDistance("squaredEuclidean"),
    ...batchOptions(),
    reduction: batchReduction(),
  },
  empty: "zero",
  value({ embeddings, labels }, { scale, distance, ...batch }) {
    const { matrix, within } = metricOf(distance, embeddings);
    const { positives, negatives } = pairsOf(labels);
    const near = within(matrix, 0).mul(scale);
    const all = maskedLogSumExp(near, positives.mask.or(negatives.mask));
    const chance = maskedLogSumExp(near, positives.mask).sub(all);
    return overPairs(embeddings, labels, batch, ({ share }) => ({
      costs: share === undefined ? chance.neg() : chance.mul(share.neg()),
      over: { mask: anyOf(positives.mask) },
    }));
  },
});
