import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { oneOf, reduction, type Reduction } from "../../loss/options.js";
import { averageTerms, marginModes, type MarginMode } from "../../math/adversarial.js";

export interface RelativisticAverageGeneratorLossOptions {
  /** `"vanilla"` (default): log(1 + exp(-d)); `"lsgan"`: (d - 1)²; `"hinge"`: max(0, 1 - d). */
  readonly mode: MarginMode;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The generator's side of the relativistic average GAN (RaGAN): each generated score against the mean of the real ones, and the reverse.
 *
 * `ℓ(fake − mean(real)) + ℓ(mean(fake) − real)`; ℓ(d) is `log(1 + e⁻ᵈ)`, `(d − 1)²` or `max(0, 1 − d)` by mode
 *
 * Inputs: `real` and `fake`, scores before any sigmoid, of any shapes; both have a gradient. Each term is reduced on its own, then
 * both are added; `reduction: "none"` needs equal shapes. The hinge has gradient 0 at its kink. PyTorch has no such loss.
 *
 * @throws OptionError on an unknown mode; ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(relativisticAverageGeneratorLoss({ mode: "hinge" }));
 * const { value, grads } = await loss.valueAndGrad({ real: [2.1, 0.4], fake: [-1.3, 0.2] });
 * ```
 */
export const relativisticAverageGeneratorLoss: Loss<
  RelativisticAverageGeneratorLossOptions,
  { real: "float"; fake: "float" }
> = defineLoss({
  name: "relativisticAverageGeneratorLoss",
  family: "adversarial",
  summary: "Generated scores must beat the mean of the real ones: the generator's side of RaGAN.",
  formula: "l(fake - mean(real)) + l(mean(fake) - real), l(d) = log(1 + exp(-d)), (d - 1)^2 or [1 - d]+",
  notes: [
    "The sum of both terms is the paper's; its code halves it.",
    "Takes logits, not probabilities. Real scores have a gradient on both sides: the generator's needs it.",
  ],
  references: [
    "Jolicoeur-Martineau: The relativistic discriminator: a key element missing from standard GAN, ICLR 2019",
  ],
  aliases: ["RaGANGeneratorLoss", "RaSGANGeneratorLoss", "RaLSGANGeneratorLoss", "RaHingeGeneratorLoss"],
  inputs: {
    real: float(["...r"], "Scores of real samples."),
    fake: float(["...f|r"], "Scores of generated samples."),
  },
  options: {
    mode: oneOf(marginModes, "vanilla", "What a difference of scores costs."),
    reduction: reduction(),
  },
  value: ({ real, fake }, { mode }) => ({ terms: averageTerms(mode, fake, real) }),
});
