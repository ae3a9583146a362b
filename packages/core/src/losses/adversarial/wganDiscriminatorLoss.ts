import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";

export type WganDiscriminatorLossOptions = ReductionOption;

/**
 * The critic's side of the Wasserstein GAN.
 *
 * Each is reduced on its own, then both are added; `reduction: "none"` needs equal shapes. The Lipschitz constraint
 * (clipping, gradient penalty) is the caller's.
 *
 * @formula `fake - real`
 * @input real - Critic scores of real samples.
 * @input fake - Critic scores of generated samples.
 * @note The Lipschitz constraint is not part of it.
 * @see Arjovsky, Chintala, Bottou: Wasserstein GAN, ICML 2017
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
  aliases: ["wassersteinDiscriminatorLoss", "criticLoss"],
  inputs: { real: float(["...r"]), fake: float(["...f|r"]) },
  options: { reduction: reduction() },
  value: ({ real, fake }) => ({ terms: [fake, real.neg()] }),
});
