import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { anyOf, maskedLogSumExp } from "../../math/pairs.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface GeneralizedLiftedStructureLossOptions extends BatchOptions {
  /** Distance that negatives are to exceed. Default 1. */
  readonly negMargin: number;
  /** Distance that positives may have. Default 0. */
  readonly posMargin: number;
  /** How far embeddings are apart, or how alike they are. Default `"euclidean"`. */
  readonly distance: MetricDistance;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * Each anchor: all its positives against all its negatives.
 *
 * Returns (N) with `reduction: "none"`, else a scalar. Equals
 * `pytorch_metric_learning.losses.GeneralizedLiftedStructureLoss`: a sum over no pairs counts as 0 after the logarithm.
 *
 * @formula `max(0, lse_p(d_ip - posMargin) + lse_n(negMargin - d_in))`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note The mean is over all anchors, those without pairs included.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Hermans, Beyer, Leibe: In Defense of the Triplet Loss for Person Re-Identification, 2017
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
  aliases: ["GeneralizedLiftedStructureLoss"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
  options: {
    negMargin: finite(1),
    posMargin: finite(0),
    distance: metricDistance("euclidean"),
    ...batchOptions(),
    reduction: batchReduction(),
  },
  empty: "zero",
  value({ embeddings, labels }, { negMargin, posMargin, distance, ...batch }) {
    const { matrix, beyond, within } = metricOf(distance, embeddings);
    const total = (x: Tensor, mask: Tensor): Tensor => anyOf(mask).where(maskedLogSumExp(x, mask), 0);
    return overPairs(embeddings, labels, batch, ({ positives, negatives }) =>
      total(beyond(matrix, posMargin), positives.mask)
        .add(total(within(matrix, negMargin), negatives.mask))
        .relu(),
    );
  },
});
