import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { isBothKinds, pairLogSumExp } from "../../math/pairs.js";
import { cosines } from "../../math/pairLogits.js";
import { sine, radians } from "../../math/angles.js";

export interface TupletMarginLossOptions extends ReductionOption, BatchOptions {
  /** How much each angle to a positive is widened, in degrees. Default 5.73. */
  readonly margin: number;
  /** Factor of the cosines. Default 64. */
  readonly scale: number;
}

/**
 * Each positive pair against all negatives of its anchor, its angle widened by a margin.
 *
 * `log(1 + Σ_n exp(scale (cos θ_in − cos(θ_ip − margin))))` per positive pair`
 *
 * Returns (N, N) with `reduction: "none"`, 0 where there is no such pair, else a scalar. Equals
 * `pytorch_metric_learning.losses.TupletMarginLoss`, and stays finite where a cosine rounds to 1 or beyond.
 *
 * @formula `log(1 + sum_n exp(scale (cos(theta_in) - cos(theta_ip - margin))))`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note The margin is in degrees.
 * @note A cosine of exactly 1 gives the sine no gradient; PyTorch Metric Learning gives NaN there.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Yu, Tao: Deep Metric Learning with Tuplet Margin Loss, ICCV 2019
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(tupletMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const tupletMarginLoss: Loss<TupletMarginLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "tupletMarginLoss",
  family: "metric",
  aliases: ["TupletMarginLoss"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
  options: { margin: finite(5.73), scale: positive(64), ...batchOptions(), reduction: reduction() },
  empty: "zero",
  value({ embeddings, labels }, { margin, scale, ...batch }) {
    const cos = cosines(embeddings, embeddings);
    const m = radians(margin);
    return overPairs(embeddings, labels, batch, (pairs) => {
      const { positives, negatives } = pairs;
      const own = positives.mask.where(cos.clampMin(-1).clampMax(1), 0);
      // cos(θ − m) = cos θ cos m + sin θ sin m
      const widened = own.mul(Math.cos(m)).add(sine(own).mul(Math.sin(m)));
      const others = pairLogSumExp(cos.mul(scale), negatives, true);
      const mask = positives.mask.and(isBothKinds(pairs));
      return { costs: others.sub(widened.mul(scale)).softplus(), over: { ...positives, mask } };
    });
  },
});
