import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";

export type WganGeneratorLossOptions = ReductionOption;

/**
 * The generator's side of the Wasserstein GAN: minus the critic's score.
 *
 * Returns the shape of `fake` with `reduction: "none"`, else a scalar.
 *
 * @formula `-fake`
 * @input fake - Critic scores of generated samples.
 * @see Arjovsky, Chintala, Bottou: Wasserstein GAN, ICML 2017
 * @throws OptionError on an unknown option.
 * @example
 * ```ts
 * const loss = await backend.compile(wganGeneratorLoss());
 * const { value, grads } = await loss.valueAndGrad({ fake: [-0.3, 0.1] });
 * ```
 */
export const wganGeneratorLoss: Loss<WganGeneratorLossOptions, { fake: "float" }> = defineLoss({
  name: "wganGeneratorLoss",
  family: "adversarial",
  aliases: ["wassersteinGeneratorLoss"],
  inputs: { fake: float(["...f"]) },
  options: { reduction: reduction() },
  value: ({ fake }) => fake.neg(),
});
