import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { batchReduction, type BatchReduction, count } from "../../loss/options.js";
import { metricOf } from "../../math/metricDistance.js";
import { anyOf, counted, pairsOf } from "../../math/pairs.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface FastApLossOptions {
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
 * @note Memory is (N, N) for each bin in turn.
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
  options: { numBins: count(10), reduction: batchReduction() },
  empty: "zero",
  value({ embeddings, labels }, { numBins }) {
    const { matrix } = metricOf("squaredEuclidean", embeddings);
    const { positives, negatives } = pairsOf(labels);
    const several = positives.cast(matrix.dtype).sum(1).clampMin(1);
    return counted(anyOf(positives), averagePrecision(matrix, positives, negatives, numBins).div(several).neg().add(1));
  },
});

/** `Σ_b h⁺_b H⁺_b / H_b` per row; bins without a positive add nothing. */
function averagePrecision(matrix: Tensor, positives: Tensor, negatives: Tensor, numBins: number): Tensor {
  const width = 4 / numBins;
  const share = (mask: Tensor, bin: number): Tensor => {
    const pulse = matrix
      .sub(bin * width)
      .abs()
      .mul(-1 / width)
      .add(1)
      .relu();
    return mask.where(pulse, 0).sum(1);
  };
  const first = { own: share(positives, 0), others: share(negatives, 0) };
  let sums = first;
  let total = precision(first.own, sums);
  for (let bin = 1; bin <= numBins; bin++) {
    const own = share(positives, bin);
    sums = { own: sums.own.add(own), others: sums.others.add(share(negatives, bin)) };
    total = total.add(precision(own, sums));
  }
  return total;
}

function precision(own: Tensor, sums: { readonly own: Tensor; readonly others: Tensor }): Tensor {
  const product = own.mul(sums.own);
  const isSome = product.greater(0);
  return isSome.where(product, 0).div(isSome.where(sums.own.add(sums.others), 1));
}
