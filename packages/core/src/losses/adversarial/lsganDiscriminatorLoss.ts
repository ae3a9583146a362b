import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { finite, reduction, type Reduction } from "../../loss/options.js";

export interface LsganDiscriminatorLossOptions {
  /** The score aimed at for real samples. Default 1. */
  readonly realLabel: number;
  /** The score aimed at for generated samples. Default 0. */
  readonly fakeLabel: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The discriminator's side of the least-squares GAN.
 *
 * `½ (real − realLabel)² + ½ (fake − fakeLabel)²`
 *
 * Inputs: `real` and `fake`, scores of any shapes. Each is reduced on its own, then both are added; `reduction: "none"`
 * needs equal shapes. PyTorch has no such loss (half of two `mse_loss`).
 *
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
    summary: "The discriminator's side of the least-squares GAN.",
    formula: "1/2 (real - realLabel)^2 + 1/2 (fake - fakeLabel)^2",
    notes: ["The half is the paper's; code that leaves it out has twice the loss."],
    references: ["Mao et al.: Least Squares Generative Adversarial Networks, ICCV 2017"],
    aliases: ["leastSquaresDiscriminatorLoss"],
    inputs: {
      real: float(["...r"], "Scores of real samples."),
      fake: float(["...f|r"], "Scores of generated samples."),
    },
    options: {
      realLabel: finite(1, "The score aimed at for real samples."),
      fakeLabel: finite(0, "The score aimed at for generated samples."),
      reduction: reduction(),
    },
    value: ({ real, fake }, { realLabel, fakeLabel }) => ({
      terms: [real.sub(realLabel).square().mul(0.5), fake.sub(fakeLabel).square().mul(0.5)],
    }),
  },
);
