import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";

export type EbganGeneratorLossOptions = ReductionOption;

/**
 * Low energy for generated samples: the generator's side of EBGAN.
 *
 * Returns the shape of `fake` with `reduction: "none"`, else a scalar. With pullingAwayLoss in a weighted sum it is the
 * paper's EBGAN-PT.
 *
 * @formula `fake`
 * @input fake - Energies of generated samples.
 * @note Against collapse the paper adds pullingAwayLoss, with a weight of 0.1.
 * @see Zhao, Mathieu, LeCun: Energy-based Generative Adversarial Network, ICLR 2017
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
  aliases: ["EnergyBasedGeneratorLoss", "energyBasedGeneratorLoss"],
  inputs: { fake: float(["...f"]) },
  options: { reduction: reduction() },
  value: ({ fake }) => fake,
});
