import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, positive, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { maskedLogSumExp } from "../../math/pairs.js";

export interface MultiSimilarityLossOptions extends BatchOptions {
  /** Sharpness for positive pairs. Default 2. */
  readonly alpha: number;
  /** Sharpness for negative pairs. Default 50. */
  readonly beta: number;
  /** The similarity that divides them. Default 0.5. */
  readonly base: number;
  /** How far embeddings are apart, or how alike they are. Default `"cosine"`. */
  readonly distance: MetricDistance;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * Positive pairs below and negative pairs above a similarity count the more, the farther they are off.
 *
 * `1/α log(1 + Σ_p exp(−α (s_ip − base))) + 1/β log(1 + Σ_n exp(β (s_in − base)))` per anchor`
 *
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.MultiSimilarityLoss`; the
 * mean is over all anchors. What the authors mine first is not part of it.
 *
 * @formula `1/alpha log(1 + sum_p exp(-alpha (s_ip - base))) + 1/beta log(1 + sum_n exp(beta (s_in - base)))`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note The mean counts anchors without pairs, which give 0.
 * @note TensorFlow Similarity has beta 40, and mines pairs first.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Wang et al.: Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning, CVPR 2019
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(multiSimilarityLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const multiSimilarityLoss: Loss<MultiSimilarityLossOptions, { embeddings: "float"; labels: "index" }> =
  defineLoss({
    name: "multiSimilarityLoss",
    family: "metric",
    aliases: ["MultiSimilarityLoss", "msLoss"],
    inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
    options: {
      alpha: positive(2),
      beta: positive(50),
      base: finite(0.5),
      distance: metricDistance("cosine"),
      ...batchOptions(),
      reduction: batchReduction(),
    },
    empty: "zero",
    value({ embeddings, labels }, { alpha, beta, base, distance, ...batch }) {
      const { matrix, beyond, within } = metricOf(distance, embeddings);
      // log(1 + Σ exp x) = softplus(log Σ exp x)
      return overPairs(embeddings, labels, batch, ({ positives, negatives }) => {
        const far = maskedLogSumExp(beyond(matrix, base).mul(alpha), positives.mask).softplus();
        const near = maskedLogSumExp(within(matrix, base).mul(beta), negatives.mask).softplus();
        return far.mul(1 / alpha).add(near.mul(1 / beta));
      });
    },
  });
