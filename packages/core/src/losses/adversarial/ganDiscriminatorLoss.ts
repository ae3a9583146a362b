import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type OptionDeclaration, type ReductionOption } from "../../loss/options.js";
import { binaryEntropy } from "../../math/entropy.js";

export interface GanDiscriminatorLossOptions extends ReductionOption {
  /** Real samples are labelled 1 - labelSmoothing. Default 0. One-sided: generated samples keep theirs. */
  readonly labelSmoothing: number;
}

const labelSmoothing: OptionDeclaration<number> = {
  default: 0,
  domain: "a number in [0, 1)",
  kind: "number",
  accepts: (value): value is number => typeof value === "number" && value >= 0 && value < 1,
};

/**
 * The discriminator's side of the original GAN game, on logits.
 *
 * `softplus(−real) + softplus(fake)` without smoothing. Each input is reduced on its own, then both are added;
 * `reduction: "none"` needs equal shapes. Smooth everywhere.
 *
 * @formula `BCEWithLogits(real, 1 - labelSmoothing) + BCEWithLogits(fake, 0)`
 * @pytorch `binary_cross_entropy_with_logits(real, ones) + binary_cross_entropy_with_logits(fake, zeros)`
 * @input real - Logits of real samples.
 * @input fake - Logits of generated samples.
 * @note Takes logits, not probabilities: put no sigmoid before it.
 * @see Goodfellow et al.: Generative Adversarial Nets, NeurIPS 2014
 * @see Salimans et al.: Improved Techniques for Training GANs, 2016
 * @throws OptionError if labelSmoothing is outside [0, 1); ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(ganDiscriminatorLoss({ labelSmoothing: 0.1 }));
 * const { value, grads } = await loss.valueAndGrad({ real: [2.1, 0.4], fake: [-1.3, 0.2] });
 * ```
 */
export const ganDiscriminatorLoss: Loss<GanDiscriminatorLossOptions, { real: "float"; fake: "float" }> = defineLoss({
  name: "ganDiscriminatorLoss",
  family: "adversarial",
  aliases: ["minimaxDiscriminatorLoss", "vanillaGanDiscriminatorLoss"],
  inputs: { real: float(["...r"]), fake: float(["...f|r"]) },
  options: { labelSmoothing, reduction: reduction() },
  value: ({ real, fake }, options) => ({
    terms: [binaryEntropy(real, 1 - options.labelSmoothing), binaryEntropy(fake, 0)],
  }),
});
