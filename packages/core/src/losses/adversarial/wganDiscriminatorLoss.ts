import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";

export interface WganDiscriminatorLossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The critic's side of the Wasserstein GAN.
 *
 * `fake − real`; with the mean: `mean(fake) − mean(real)`
 *
 * Inputs: `real` and `fake`, critic scores of any shapes. Each is reduced on its own, then both are added;
 * `reduction: "none"` needs equal shapes. The Lipschitz constraint (clipping, gradient penalty) is the caller's.
 *
 * @throws ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(wganDiscriminatorLoss());
 * const { value, grads } = await loss.valueAndGrad({ real: [1.2, 0.7], fake: [-0.3, 0.1] });
 * ```
 */
export const wganDiscriminatorLoss: Loss<WganDiscriminatorLossOptions, { real: "float"; fake: "float" }> = defineLoss({
  name: "wganDiscriminatorLoss",
  family: "adversarial",
  summary: "The critic's side of the Wasserstein GAN.",
  formula: "fake - real",
  notes: ["The Lipschitz constraint is not part of it."],
  references: ["Arjovsky, Chintala, Bottou: Wasserstein GAN, ICML 2017"],
  aliases: ["wassersteinDiscriminatorLoss", "criticLoss"],
  inputs: {
    real: float(["...r"], "Critic scores of real samples."),
    fake: float(["...f|r"], "Critic scores of generated samples."),
  },
  options: { reduction: reduction() },
  value: ({ real, fake }) => ({ terms: [fake, real.neg()] }),
});
