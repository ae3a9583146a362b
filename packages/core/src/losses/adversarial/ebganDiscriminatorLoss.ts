import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { positive, reduction, type Reduction } from "../../loss/options.js";

export interface EbganDiscriminatorLossOptions {
  /** Energy beyond which a generated sample costs nothing; > 0. Default 80, as in torchgan. */
  readonly margin: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The discriminator's side of the energy-based GAN: low energy for real samples, at least a margin for generated ones.
 *
 * `real + max(0, margin − fake)`
 *
 * Inputs: `real` and `fake`, energies (reconstruction errors) of any shapes. Each is reduced on its own, then both are added;
 * `reduction: "none"` needs equal shapes. The hinge has gradient 0 at its kink. PyTorch has no such loss.
 *
 * @throws OptionError if margin is not > 0; ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(ebganDiscriminatorLoss({ margin: 10 }));
 * const { value, grads } = await loss.valueAndGrad({ real: [0.8, 1.2], fake: [4.5, 12] });
 * ```
 */
export const ebganDiscriminatorLoss: Loss<EbganDiscriminatorLossOptions, { real: "float"; fake: "float" }> = defineLoss({
  name: "ebganDiscriminatorLoss",
  family: "adversarial",
  summary: "Low energy for real samples, at least a margin for generated ones: the discriminator's side of EBGAN.",
  formula: "real + max(0, margin - fake)",
  notes: ["The margin is on the scale of the energy: it wants tuning for each discriminator (the paper uses 1 to 80)."],
  references: ["Zhao, Mathieu, LeCun: Energy-based Generative Adversarial Network, ICLR 2017"],
  aliases: ["EnergyBasedDiscriminatorLoss", "energyBasedDiscriminatorLoss"],
  inputs: {
    real: float(["...r"], "Energies of real samples."),
    fake: float(["...f|r"], "Energies of generated samples."),
  },
  options: {
    margin: positive(80, "Energy beyond which a generated sample costs nothing."),
    reduction: reduction(),
  },
  value: ({ real, fake }, { margin }) => ({ terms: [real, fake.neg().add(margin).relu()] }),
});
