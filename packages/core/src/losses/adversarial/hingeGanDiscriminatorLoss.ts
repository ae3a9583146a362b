import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { positive, reduction, type Reduction } from "../../loss/options.js";

export interface HingeGanDiscriminatorLossOptions {
  /** Score beyond which a sample costs nothing; > 0. Default 1. */
  readonly margin: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The discriminator's side of the hinge GAN.
 *
 * `relu(margin − real) + relu(margin + fake)`
 *
 * Inputs: `real` and `fake`, scores of any shapes. Each is reduced on its own, then both are added; `reduction: "none"`
 * needs equal shapes. At the kink the gradient is 0 (relu), as in the implementations over PyTorch's `relu`.
 *
 * @throws OptionError if margin is not > 0; ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(hingeGanDiscriminatorLoss());
 * const { value, grads } = await loss.valueAndGrad({ real: [1.2, 0.7], fake: [-0.3, 0.1] });
 * ```
 */
export const hingeGanDiscriminatorLoss: Loss<HingeGanDiscriminatorLossOptions, { real: "float"; fake: "float" }> =
  defineLoss({
    name: "hingeGanDiscriminatorLoss",
    family: "adversarial",
    summary: "The discriminator's side of the hinge GAN.",
    formula: "relu(margin - real) + relu(margin + fake)",
    notes: ["At the kink the gradient is 0 (relu)."],
    references: ["Lim, Ye: Geometric GAN, 2017", "Miyato et al.: Spectral Normalization for GANs, ICLR 2018"],
    aliases: ["hingeDiscriminatorLoss"],
    inputs: {
      real: float(["...r"], "Scores of real samples."),
      fake: float(["...f|r"], "Scores of generated samples."),
    },
    options: { margin: positive(1, "Score beyond which a sample costs nothing."), reduction: reduction() },
    value: ({ real, fake }, { margin }) => ({ terms: [real.neg().add(margin).relu(), fake.add(margin).relu()] }),
  });
