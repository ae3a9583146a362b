import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";

export interface EbganGeneratorLossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The generator's side of the energy-based GAN: low energy for generated samples.
 *
 * `fake`
 *
 * Input: `fake`, energies of any shape. Returns that shape with `reduction: "none"`, else a scalar. With pullingAwayLoss in a
 * weighted sum it is the paper's EBGAN-PT.
 *
 * @throws OptionError on an unknown option.
 * @example
 * ```ts
 * const loss = await backend.compile(ebganGeneratorLoss());
 * const { value, grads } = await loss.valueAndGrad({ fake: [4.5, 12] });
 * ```
 */
export const ebganGeneratorLoss: Loss<EbganGeneratorLossOptions, { fake: "float" }> = defineLoss({
  name: "ebganGeneratorLoss",
  family: "adversarial",
  summary: "Low energy for generated samples: the generator's side of EBGAN.",
  formula: "fake",
  notes: ["Against collapse the paper adds pullingAwayLoss, with a weight of 0.1."],
  references: ["Zhao, Mathieu, LeCun: Energy-based Generative Adversarial Network, ICLR 2017"],
  aliases: ["EnergyBasedGeneratorLoss", "energyBasedGeneratorLoss"],
  inputs: { fake: float(["...f"], "Energies of generated samples.") },
  options: { reduction: reduction() },
  value: ({ fake }) => fake,
});
