import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type OptionDeclaration, type Reduction } from "../../loss/options.js";
import { binaryEntropy } from "../../math/entropy.js";

export interface GanDiscriminatorLossOptions {
  /** One-sided: real samples are labelled 1 − labelSmoothing; in [0, 1). Default 0. */
  readonly labelSmoothing: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

const labelSmoothing: OptionDeclaration<number> = {
  default: 0,
  domain: "a number in [0, 1)",
  kind: "number",
  doc: "Real samples are labelled 1 - labelSmoothing.",
  accepts: (value): value is number => typeof value === "number" && value >= 0 && value < 1,
};

/**
 * The discriminator's side of the original GAN game, on logits.
 *
 * `BCE(real, 1 − labelSmoothing) + BCE(fake, 0) = softplus(−real) + softplus(fake)` without smoothing
 *
 * Inputs: `real` and `fake`, logits of any shapes. Each is reduced on its own, then both are added; `reduction: "none"`
 * needs equal shapes. Smooth everywhere. Equals two `binary_cross_entropy_with_logits` of PyTorch.
 *
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
  summary: "The discriminator's side of the original GAN game, on logits.",
  formula: "BCEWithLogits(real, 1 - labelSmoothing) + BCEWithLogits(fake, 0)",
  pytorch: "binary_cross_entropy_with_logits(real, ones) + binary_cross_entropy_with_logits(fake, zeros)",
  notes: ["Takes logits, not probabilities: put no sigmoid before it."],
  references: [
    "Goodfellow et al.: Generative Adversarial Nets, NeurIPS 2014",
    "Salimans et al.: Improved Techniques for Training GANs, 2016",
  ],
  aliases: ["minimaxDiscriminatorLoss", "vanillaGanDiscriminatorLoss"],
  inputs: {
    real: float(["...r"], "Logits of real samples."),
    fake: float(["...f|r"], "Logits of generated samples."),
  },
  options: { labelSmoothing, reduction: reduction() },
  value: ({ real, fake }, options) => ({
    terms: [binaryEntropy(real, 1 - options.labelSmoothing), binaryEntropy(fake, 0)],
  }),
});
