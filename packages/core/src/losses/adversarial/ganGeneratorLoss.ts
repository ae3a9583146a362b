import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { flag, reduction, type Reduction } from "../../loss/options.js";
import { binaryEntropy } from "../../math/entropy.js";

export interface GanGeneratorLossOptions {
  /** The minimax form −BCE(fake, 0), whose gradient vanishes where the discriminator is sure. Default false. */
  readonly saturating: boolean;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The generator's side of the original GAN game, on logits.
 *
 * non-saturating: `softplus(−fake)`; saturating: `−softplus(fake)`
 *
 * Input: `fake`, logits of any shape. Returns that shape with `reduction: "none"`, else a scalar. Smooth everywhere.
 * Equals `binary_cross_entropy_with_logits(fake, ones)`, or minus the one with zeros, of PyTorch.
 *
 * @throws OptionError on an unknown option.
 * @example
 * ```ts
 * const loss = await backend.compile(ganGeneratorLoss());
 * const { value, grads } = await loss.valueAndGrad({ fake: [-1.3, 0.2] });
 * ```
 */
export const ganGeneratorLoss: Loss<GanGeneratorLossOptions, { fake: "float" }> = defineLoss({
  name: "ganGeneratorLoss",
  family: "adversarial",
  summary: "The generator's side of the original GAN game, on logits.",
  formula: "softplus(-fake); saturating: -softplus(fake)",
  pytorch: "binary_cross_entropy_with_logits(fake, ones); saturating: -binary_cross_entropy_with_logits(fake, zeros)",
  notes: ["Takes logits, not probabilities.", "The saturating form is the minimax game itself and can be negative."],
  references: ["Goodfellow et al.: Generative Adversarial Nets, NeurIPS 2014"],
  aliases: ["minimaxGeneratorLoss", "vanillaGanGeneratorLoss"],
  inputs: { fake: float(["...f"], "Logits of generated samples.") },
  options: {
    saturating: flag(false, "The minimax form, whose gradient vanishes where the discriminator is sure."),
    reduction: reduction(),
  },
  value: ({ fake }, { saturating }) => (saturating ? binaryEntropy(fake, 0).neg() : binaryEntropy(fake, 1)),
});
