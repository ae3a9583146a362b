import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { flag, nonNegative, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { vectorNorm } from "../../math/norm.js";

export interface GradientPenaltyLossOptions extends ReductionOption {
  /** Factor of the penalty. Default 10. */
  readonly lambda: number;
  /** The norm that the gradient should have. Default 1. */
  readonly target: number;
  /** Only norms above the target cost. Default false. */
  readonly oneSided: boolean;
}

/**
 * The critic's gradient should have norm 1 where it is sampled: the penalty of WGAN-GP.
 *
 * The norm runs over all but the first axis and has gradient 0 at 0. Returns (N) with `reduction: "none"`, else a
 * scalar.
 *
 * @formula `lambda (|g| - target)^2; one-sided: lambda max(0, |g| - target)^2`
 * @input gradients - The critic's gradient with respect to each input.
 * @note The norm is that of each sample, as in the paper; torchgan takes one over the whole batch.
 * @note WGAN-GP takes the gradients at random points between real and generated samples, DRAGAN at disturbed real ones.
 * @note To train the critic, carry this loss's gradient through the critic's own second derivative.
 * @see Gulrajani et al.: Improved Training of Wasserstein GANs, NeurIPS 2017
 * @see Petzka, Fischer, Lukovnikov: On the regularization of Wasserstein GANs (WGAN-LP), ICLR 2018
 * @throws OptionError if lambda is not > 0 or target is < 0; ShapeError unless gradients have two axes.
 * @example
 * ```ts
 * const loss = await backend.compile(gradientPenaltyLoss());
 * const { value, grads } = await loss.valueAndGrad({ gradients });
 * ```
 */
export const gradientPenaltyLoss: Loss<GradientPenaltyLossOptions, { gradients: "float" }> = defineLoss({
  name: "gradientPenaltyLoss",
  family: "adversarial",
  aliases: ["WassersteinGradientPenalty", "DraganGradientPenalty", "wganGpLoss"],
  inputs: { gradients: float(["N", "D", "...d"]) },
  options: { lambda: positive(10), target: nonNegative(1), oneSided: flag(false), reduction: reduction() },
  value({ gradients }, { lambda, target, oneSided }) {
    const excess = vectorNorm(gradients.flatten(1), 2).sub(target);
    return (oneSided ? excess.relu() : excess).square().mul(lambda);
  },
});
