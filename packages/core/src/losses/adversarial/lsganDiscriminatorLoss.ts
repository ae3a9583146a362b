import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { finite, reduction, type ReductionOption } from "../../loss/options.js";

export interface LsganDiscriminatorLossOptions extends ReductionOption {
  /** The score aimed at for real samples. Default 1. */
  readonly realLabel: number;
  /** The score aimed at for generated samples. Default 0. */
  readonly fakeLabel: number;
}

/**
 * The discriminator's side of the least-squares GAN.
 *
 * Each is reduced on its own, then both are added; `reduction: "none"` needs equal shapes. PyTorch has no such loss
 * (half of two `mse_loss`).
 *
 * @formula `1/2 (real - realLabel)^2 + 1/2 (fake - fakeLabel)^2`
 * @input real - Scores of real samples.
 * @input fake - Scores of generated samples.
 * @note The half is the paper's; code that leaves it out has twice the loss.
 * @see Mao et al.: Least Squares Generative Adversarial Networks, ICCV 2017
 * @throws OptionError on a label that is not finite; ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(lsganDiscriminatorLoss());
 * const { value, grads } = await loss.valueAndGrad({ real: [0.9, 0.7], fake: [0.2, 0.4] });
 * ```
 */
export const lsganDiscriminatorLoss: Loss<LsganDiscriminatorLossOptions, { real: "float"; fake: "float" }> = defineLoss(
  {
    name: "lsganDiscriminatorLoss",
    family: "adversarial",
    aliases: ["leastSquaresDiscriminatorLoss"],
    inputs: { real: float(["...r"]), fake: float(["...f|r"]) },
    options: { realLabel: finite(1), fakeLabel: finite(0), reduction: reduction() },
    value: ({ real, fake }, { realLabel, fakeLabel }) => ({
      terms: [real.sub(realLabel).square().mul(0.5), fake.sub(fakeLabel).square().mul(0.5)],
    }),
  },
);
