import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { flag, reduction, type ReductionOption } from "../../loss/options.js";
import { binaryEntropy } from "../../math/entropy.js";

export interface GanGeneratorLossOptions extends ReductionOption {
  /** The minimax form, whose gradient vanishes where the discriminator is sure. Default false. */
  readonly saturating: boolean;
}

/**
 * The generator's side of the original GAN game, on logits.
 *
 * Returns the shape of `fake` with `reduction: "none"`, else a scalar. Smooth everywhere. Equals
 * `binary_cross_entropy_with_logits(fake, ones)`, or minus the one with zeros, of PyTorch.
 *
 * @formula `softplus(-fake); saturating: -softplus(fake)`
 * @pytorch `binary_cross_entropy_with_logits(fake, ones); saturating: -binary_cross_entropy_with_logits(fake, zeros)`
 * @input fake - Logits of generated samples.
 * @note Takes logits, not probabilities.
 * @note The saturating form is the minimax game itself and can be negative.
 * @see Goodfellow et al.: Generative Adversarial Nets, NeurIPS 2014
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
  aliases: ["minimaxGeneratorLoss", "vanillaGanGeneratorLoss"],
  inputs: { fake: float(["...f"]) },
  options: { saturating: flag(false), reduction: reduction() },
  value: ({ fake }, { saturating }) => (saturating ? binaryEntropy(fake, 0).neg() : binaryEntropy(fake, 1)),
});
