import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, flag, batchReduction, type BatchReduction } from "../../loss/options.js";
import { radians } from "../../math/angles.js";
import { unit } from "../../math/norm.js";
import { pairedLogSumExp } from "../../math/pairedLogSumExp.js";
import { isBothKinds, pairsOf } from "../../math/pairs.js";

export interface AngularLossOptions extends BatchOptions {
  /** The largest angle that is wanted, in degrees. Default 40. */
  readonly alpha: number;
  /** Normalise negatives as well, as the paper does. Default false. */
  readonly normalizeNegatives: boolean;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * The angle at each negative of the triangle it forms with a positive pair.
 *
 * `log(1 + Σ_n exp(4 t (x_i + x_p) · x_n − 2 (1 + t) x_i · x_p))`, `t = tan² α`, per positive pair`
 *
 * Returns (N, N) with `reduction: "none"`, 0 where there is no such pair, else a scalar. Equals
 * `pytorch_metric_learning.losses.AngularLoss`; 0 without positive or without negative pairs. The sum over negatives is
 * a product of matrices, `Σ_n exp(4 t x_i · x_n) exp(4 t x_p · x_n)`: memory is (N, N).
 *
 * @formula `log(1 + sum_n exp(4 t (x_i + x_p) . x_n - 2 (1 + t) x_i . x_p)), t = tan(alpha)^2`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note alpha is in degrees.
 * @note Negatives are taken as they are by default, as in PyTorch Metric Learning: the loss depends on their lengths.
 * The paper has normalizeNegatives.
 * @note In float32 it is exact while 4 t |x_n| stays below 39: at 40 degrees for negatives up to length 13, and always
 * with normalizeNegatives. Of longer ones, terms below 1e-38 of the largest may be lost.
 * @note Mined are positive pairs; their negatives are all of the batch, as in PyTorch Metric Learning.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Wang et al.: Deep Metric Learning with Angular Loss, ICCV 2017
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(angularLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const angularLoss: Loss<AngularLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "angularLoss",
  family: "metric",
  aliases: ["AngularLoss"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
  options: { alpha: finite(40), normalizeNegatives: flag(false), ...batchOptions(), reduction: batchReduction() },
  empty: "zero",
  value({ embeddings, labels }, { alpha, normalizeNegatives, ...batch }) {
    return overPairs(embeddings, labels, batch, (pairs) => {
      const { positives } = pairs;
      const x = unit(embeddings);
      const t = Math.tan(radians(alpha)) ** 2;
      const toOthers = x.matmul((normalizeNegatives ? x : embeddings).transpose()).mul(4 * t);
      const toPositives = x.matmul(x.transpose()).mul(2 * (1 + t));
      const near = pairedLogSumExp(toOthers, pairsOf(labels).negatives.mask);
      const mask = positives.mask.and(isBothKinds(pairs));
      return { costs: near.sub(toPositives).softplus(), over: { ...positives, mask } };
    });
  },
});
