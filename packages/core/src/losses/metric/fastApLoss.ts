import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { batchReduction, type BatchReduction, count } from "../../loss/options.js";
import { metricOf } from "../../math/metricDistance.js";
import { anyOf, pairsOf } from "../../math/pairs.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface FastApLossOptions extends BatchOptions {
  /** Number of bins. Default 10. */
  readonly numBins: number;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * Average precision over histograms of distances.
 *
 * `1 − 1/|P| Σ_b h⁺_b H⁺_b / H_b` per anchor, h⁺ the histogram of its positives, H⁺ and H running sums of positives and
 * of all`
 *
 * Returns (N) with `reduction: "none"`, else a scalar: the mean is over anchors that have a positive. Distances are
 * squared and of normalised embeddings, in [0, 4]; each is shared between the two bins nearest to it. Equals
 * `pytorch_metric_learning.losses.FastAPLoss`.
 *
 * @formula `1 - 1/|P| sum_b h+_b H+_b / H_b`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note Time grows with the number of bins; where a backend keeps what it computes, memory is (N, numBins, N).
 * @note A miner gives weights: how often it names a sample, by the most.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Cakir, He, Xia, Kulis, Sclaroff: Deep Metric Learning to Rank, CVPR 2019
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(fastApLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const fastApLoss: Loss<FastApLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "fastApLoss",
  family: "metric",
  aliases: ["FastAPLoss", "FastAP"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
  options: { numBins: count(10), ...batchOptions(), reduction: batchReduction() },
  empty: "zero",
  value({ embeddings, labels }, { numBins, ...batch }) {
    const { matrix } = metricOf("squaredEuclidean", embeddings);
    const { positives, negatives } = pairsOf(labels);
    const all = shares(matrix, numBins);
    const histogram = (mask: Tensor): Tensor => mask.unsqueeze(1).where(all, 0).sum(2);
    const own = histogram(positives.mask);
    const sums = own.add(histogram(negatives.mask)).cumsum(1);
    const product = own.mul(own.cumsum(1));
    const isSome = product.greater(0);
    const precision = isSome.where(product, 0).div(isSome.where(sums, 1)).sum(1);
    const several = positives.mask.cast(matrix.dtype).sum(1).clampMin(1);
    const missing = precision.div(several).neg().add(1);
    return overPairs(embeddings, labels, batch, ({ share }) => ({
      costs: share === undefined ? missing : missing.mul(share),
      over: { mask: anyOf(positives.mask) },
    }));
  },
});

/** How much of each distance every bin has, (N, numBins + 1, N): it is shared between the two bins it lies between. */
function shares(matrix: Tensor, numBins: number): Tensor {
  const width = 4 / numBins;
  const [rows = 1, columns = 1] = matrix.shape;
  const distance = matrix.unsqueeze(1);
  const bin = distance
    .expand([rows, numBins + 1, columns])
    .iota(1)
    .cast(matrix.dtype);
  return distance
    .sub(bin.mul(width))
    .abs()
    .mul(-1 / width)
    .add(1)
    .relu();
}
