import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, positive, batchReduction, type BatchReduction } from "../../loss/options.js";
import { anyOf, maskedLogSumExp } from "../../math/pairs.js";
import { cosines } from "../../math/pairLogits.js";

export interface CircleLossOptions extends BatchOptions {
  /** How far from its optimum a similarity may stay. Default 0.4. */
  readonly margin: number;
  /** Scale of the logits. Default 80. */
  readonly gamma: number;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"avgNonZero"`. */
  readonly reduction: BatchReduction;
}

/**
 * Similarities of pairs are weighted by how far they are from their optimum.
 *
 * `softplus(lse_p(−γ [1 + m − s_ip]₊ (s_ip − 1 + m)) + lse_n(γ [s_in + m]₊ (s_in − m)))` per anchor`
 *
 * Returns (N) with `reduction: "none"`, else a scalar. No gradient flows through the weights [·]₊. Equals
 * `pytorch_metric_learning.losses.CircleLoss`: anchors without a positive or without a negative give 0.
 *
 * @formula `softplus(lse_p(-gamma [1 + m - s_ip]+ (s_ip - 1 + m)) + lse_n(gamma [s_in + m]+ (s_in - m)))`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note Keras lets gradient flow through the weights; TensorFlow Similarity adds the logarithms of both sums instead.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Sun et al.: Circle Loss: A Unified Perspective of Pair Similarity Optimization, CVPR 2020
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(circleLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const circleLoss: Loss<CircleLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "circleLoss",
  family: "metric",
  aliases: ["CircleLoss"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
  options: { margin: finite(0.4), gamma: positive(80), ...batchOptions(), reduction: batchReduction("avgNonZero") },
  empty: "zero",
  value({ embeddings, labels }, { margin: m, gamma, ...batch }) {
    const s = cosines(embeddings, embeddings);
    const far = s
      .neg()
      .add(1 + m)
      .detach()
      .relu()
      .mul(s.add(m - 1))
      .mul(-gamma);
    const near = s.add(m).detach().relu().mul(s.sub(m)).mul(gamma);
    return overPairs(embeddings, labels, batch, ({ positives, negatives }) => {
      const values = maskedLogSumExp(far, positives.mask).add(maskedLogSumExp(near, negatives.mask)).softplus();
      return anyOf(positives.mask).and(anyOf(negatives.mask)).where(values, 0);
    });
  },
});
