import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { positive, reduction, type ReductionOption } from "../../loss/options.js";

export interface EbganDiscriminatorLossOptions extends ReductionOption {
  /** Energy beyond which a generated sample costs nothing. Default 80, as in torchgan. */
  readonly margin: number;
}

/**
 * Low energy for real samples, at least a margin for generated ones: the discriminator's side of EBGAN.
 *
 * Inputs: `real` and `fake`, energies (reconstruction errors) of any shapes. Each is reduced on its own, then both are
 * added; `reduction: "none"` needs equal shapes. The hinge has gradient 0 at its kink.
 *
 * @formula `real + max(0, margin - fake)`
 * @input real - Energies of real samples.
 * @input fake - Energies of generated samples.
 * @note The margin is on the scale of the energy: it wants tuning for each discriminator (the paper uses 1 to 80).
 * @see Zhao, Mathieu, LeCun: Energy-based Generative Adversarial Network, ICLR 2017
 * @throws OptionError if margin is not > 0; ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(ebganDiscriminatorLoss({ margin: 10 }));
 * const { value, grads } = await loss.valueAndGrad({ real: [0.8, 1.2], fake: [4.5, 12] });
 * ```
 */
export const ebganDiscriminatorLoss: Loss<EbganDiscriminatorLossOptions, { real: "float"; fake: "float" }> = defineLoss(
  {
    name: "ebganDiscriminatorLoss",
    family: "adversarial",
    aliases: ["EnergyBasedDiscriminatorLoss", "energyBasedDiscriminatorLoss"],
    inputs: { real: float(["...r"]), fake: float(["...f|r"]) },
    options: { margin: positive(80), reduction: reduction() },
    value: ({ real, fake }, { margin }) => ({ terms: [real, fake.neg().add(margin).relu()] }),
  },
);
