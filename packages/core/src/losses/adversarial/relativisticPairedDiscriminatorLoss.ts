import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { oneOf, reduction, type Reduction } from "../../loss/options.js";
import { marginCost, marginModes, type MarginMode } from "../../math/adversarial.js";

export interface RelativisticPairedDiscriminatorLossOptions {
  /** `"vanilla"` (default): log(1 + exp(-d)); `"lsgan"`: (d - 1)²; `"hinge"`: max(0, 1 - d). */
  readonly mode: MarginMode;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The discriminator's side of the relativistic paired GAN (RpGAN): each real score must beat the generated one beside it.
 *
 * `ℓ(real − fake)`; ℓ(d) is `log(1 + e⁻ᵈ)`, `(d − 1)²` or `max(0, 1 − d)` by mode
 *
 * Inputs: `real` and `fake`, scores before any sigmoid, of one shape; both have a gradient. Returns that shape with
 * `reduction: "none"`, else a scalar. The hinge has gradient 0 at its kink. PyTorch has no such loss.
 *
 * @throws OptionError on an unknown mode; ShapeError on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(relativisticPairedDiscriminatorLoss());
 * const { value, grads } = await loss.valueAndGrad({ real: [2.1, 0.4], fake: [-1.3, 0.2] });
 * ```
 */
export const relativisticPairedDiscriminatorLoss: Loss<
  RelativisticPairedDiscriminatorLossOptions,
  { real: "float"; fake: "float" }
> = defineLoss({
  name: "relativisticPairedDiscriminatorLoss",
  family: "adversarial",
  summary: "Each real score must beat the generated one beside it: the discriminator's side of RpGAN.",
  formula: "l(real - fake), l(d) = log(1 + exp(-d)), (d - 1)^2 or [1 - d]+",
  notes: [
    "Takes logits, not probabilities. Both kinds of score have a gradient.",
  ],
  references: [
    "Jolicoeur-Martineau: The relativistic discriminator: a key element missing from standard GAN, ICLR 2019",
    "Huang, Gokaslan, Kuleshov, Tompkin: The GAN is dead; long live the GAN! A Modern GAN Baseline, NeurIPS 2024",
  ],
  aliases: ["RpGANDiscriminatorLoss", "relativisticDiscriminatorLoss", "RSGANDiscriminatorLoss"],
  inputs: {
    real: float(["...d"], "Scores of real samples."),
    fake: float(["...d"], "Scores of generated samples."),
  },
  options: {
    mode: oneOf(marginModes, "vanilla", "What a difference of scores costs."),
    reduction: reduction(),
  },
  value: ({ real, fake }, { mode }) => marginCost(mode, real.sub(fake)),
});
