import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { normalize } from "../../math/norm.js";
import { diagonalMask } from "../../math/select.js";

export type PullingAwayLossOptions = ReductionOption;

/**
 * Features of generated samples should point in different directions: the pulling-away term of EBGAN.
 *
 * Input: `features` of shape (N, D), the encoder's output. Per sample: `Σ_{j≠i} cos² / (N − 1)`, shape (N) with
 * `reduction: "none"`. One sample alone gives NaN, 0/0.
 *
 * @formula `1 / (N (N - 1)) sum_i sum_{j != i} cos(s_i, s_j)^2`
 * @input features - Features of generated samples.
 * @note torchgan normalises over the batch in place of the features, and keeps the diagonal; this is the paper's term.
 * @note {@link shortestNorm}
 * @see Zhao, Mathieu, LeCun: Energy-based Generative Adversarial Network, ICLR 2017
 * @throws ShapeError unless features are (N, D).
 * @example
 * ```ts
 * const loss = await backend.compile(pullingAwayLoss());
 * const { value, grads } = await loss.valueAndGrad({ features });
 * ```
 */
export const pullingAwayLoss: Loss<PullingAwayLossOptions, { features: "float" }> = defineLoss({
  name: "pullingAwayLoss",
  family: "adversarial",
  aliases: ["pullingAwayTerm", "EnergyBasedPullingAwayTerm"],
  inputs: { features: float(["N", "D"]) },
  options: { reduction: reduction() },
  value({ features }) {
    const directions = normalize(features);
    const cosines = directions.matmul(directions.transpose());
    return diagonalMask(cosines).where(0, cosines.square()).sum(1).div(features.count(0).sub(1));
  },
});
