import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { flag, nonNegative, positive, reduction, type Reduction } from "../../loss/options.js";
import { vectorNorm } from "../../math/norm.js";

export interface GradientPenaltyLossOptions {
  /** Factor of the penalty; > 0. Default 10. */
  readonly lambda: number;
  /** The norm that the gradient should have; ≥ 0. Default 1. */
  readonly target: number;
  /** Only norms above the target cost (WGAN-LP). Default false. */
  readonly oneSided: boolean;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The gradient penalty of WGAN-GP: the critic's gradient should have norm 1 where it is sampled.
 *
 * `lambda (‖g‖₂ − target)²` per sample; one-sided: `lambda max(0, ‖g‖₂ − target)²`
 *
 * Input: `gradients` of shape (N, …), the critic's gradient with respect to each of its inputs. The norm runs over all but the
 * first axis and has gradient 0 at 0. Returns (N) with `reduction: "none"`, else a scalar. PyTorch has no such loss.
 *
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
  summary: "The critic's gradient should have norm 1 where it is sampled: the penalty of WGAN-GP.",
  formula: "lambda (|g| - target)^2; one-sided: lambda max(0, |g| - target)^2",
  notes: [
    "The norm is that of each sample, as in the paper; torchgan takes one over the whole batch.",
    "WGAN-GP takes the gradients at random points between real and generated samples, DRAGAN at disturbed real ones.",
    "To train the critic, carry this loss's gradient through the critic's own second derivative.",
  ],
  references: [
    "Gulrajani et al.: Improved Training of Wasserstein GANs, NeurIPS 2017",
    "Petzka, Fischer, Lukovnikov: On the regularization of Wasserstein GANs (WGAN-LP), ICLR 2018",
  ],
  aliases: ["WassersteinGradientPenalty", "DraganGradientPenalty", "wganGpLoss"],
  inputs: { gradients: float(["N", "D", "...d"], "The critic's gradient with respect to each input.") },
  options: {
    lambda: positive(10, "Factor of the penalty."),
    target: nonNegative(1, "The norm that the gradient should have."),
    oneSided: flag(false, "Only norms above the target cost."),
    reduction: reduction(),
  },
  value({ gradients }, { lambda, target, oneSided }) {
    const excess = vectorNorm(gradients.flatten(1), 2).sub(target);
    return (oneSided ? excess.relu() : excess).square().mul(lambda);
  },
});
