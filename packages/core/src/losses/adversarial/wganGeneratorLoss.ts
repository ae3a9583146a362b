import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";

export interface WganGeneratorLossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The generator's side of the Wasserstein GAN: minus the critic's score.
 *
 * `−fake`
 *
 * Input: `fake`, critic scores of any shape. Returns that shape with `reduction: "none"`, else a scalar.
 *
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
  summary: "The generator's side of the Wasserstein GAN: minus the critic's score.",
  formula: "-fake",
  references: ["Arjovsky, Chintala, Bottou: Wasserstein GAN, ICML 2017"],
  aliases: ["wassersteinGeneratorLoss"],
  inputs: { fake: float(["...f"], "Critic scores of generated samples.") },
  options: { reduction: reduction() },
  value: ({ fake }) => fake.neg(),
});
