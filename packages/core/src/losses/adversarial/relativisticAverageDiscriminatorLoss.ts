import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { oneOf, reduction, type ReductionOption } from "../../loss/options.js";
import { averageTerms, marginModes, type MarginMode } from "../../math/adversarial.js";

export interface RelativisticAverageDiscriminatorLossOptions extends ReductionOption {
  /**
   * What a difference of scores costs. Default `"vanilla"`. `"vanilla"` (default): log(1 + exp(-d)); `"lsgan"`: (d
   * - 1)²; `"hinge"`: max(0, 1 - d).
   */
  readonly mode: MarginMode;
}

/**
 * Real scores must beat the mean of the generated ones: the discriminator's side of RaGAN.
 *
 * `ℓ(real − mean(fake)) + ℓ(mean(real) − fake)`; ℓ(d) is `log(1 + e⁻ᵈ)`, `(d − 1)²` or `max(0, 1 − d)` by mode
 *
 * Inputs: `real` and `fake`, scores before any sigmoid, of any shapes; both have a gradient. Each term is reduced on
 * its own, then both are added; `reduction: "none"` needs equal shapes. The hinge has gradient 0 at its kink.
 *
 * @formula `l(real - mean(fake)) + l(mean(real) - fake), l(d) = log(1 + exp(-d)), (d - 1)^2 or [1 - d]+`
 * @input real - Scores of real samples.
 * @input fake - Scores of generated samples.
 * @note The sum of both terms is the paper's; its code halves it.
 * @note Takes logits, not probabilities. Real scores have a gradient on both sides: the generator's needs it.
 * @see Jolicoeur-Martineau: The relativistic discriminator: a key element missing from standard GAN, ICLR 2019
 * @throws OptionError on an unknown mode; ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(relativisticAverageDiscriminatorLoss({ mode: "hinge" }));
 * const { value, grads } = await loss.valueAndGrad({ real: [2.1, 0.4], fake: [-1.3, 0.2] });
 * ```
 */
export const relativisticAverageDiscriminatorLoss: Loss<
  RelativisticAverageDiscriminatorLossOptions,
  { real: "float"; fake: "float" }
> = defineLoss({
  name: "relativisticAverageDiscriminatorLoss",
  family: "adversarial",
  aliases: [
    "RaGANDiscriminatorLoss",
    "RaSGANDiscriminatorLoss",
    "RaLSGANDiscriminatorLoss",
    "RaHingeDiscriminatorLoss",
  ],
  inputs: { real: float(["...r"]), fake: float(["...f|r"]) },
  options: { mode: oneOf(marginModes, "vanilla"), reduction: reduction() },
  value: ({ real, fake }, { mode }) => ({ terms: averageTerms(mode, real, fake) }),
});
