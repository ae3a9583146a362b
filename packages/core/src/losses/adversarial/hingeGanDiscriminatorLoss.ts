import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { positive, reduction, type ReductionOption } from "../../loss/options.js";

export interface HingeGanDiscriminatorLossOptions extends ReductionOption {
  /** Score beyond which a sample costs nothing. Default 1. */
  readonly margin: number;
}

/**
 * The discriminator's side of the hinge GAN.
 *
 * Each is reduced on its own, then both are added; `reduction: "none"` needs equal shapes. At the kink the gradient is
 * 0 (relu), as in the implementations over PyTorch's `relu`.
 *
 * @formula `relu(margin - real) + relu(margin + fake)`
 * @input real - Scores of real samples.
 * @input fake - Scores of generated samples.
 * @note At the kink the gradient is 0 (relu).
 * @see Lim, Ye: Geometric GAN, 2017
 * @see Miyato et al.: Spectral Normalization for GANs, ICLR 2018
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
    aliases: ["hingeDiscriminatorLoss"],
    inputs: { real: float(["...r"]), fake: float(["...f|r"]) },
    options: { margin: positive(1), reduction: reduction() },
    value: ({ real, fake }, { margin }) => ({ terms: [real.neg().add(margin).relu(), fake.add(margin).relu()] }),
  });
