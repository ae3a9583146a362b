import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";

export type BeganGeneratorLossOptions = ReductionOption;

/**
 * Samples that the discriminator reconstructs well: the generator's side of BEGAN.
 *
 * Returns the shape of `fake` with `reduction: "none"`, else a scalar.
 *
 * @formula `fake`
 * @input fake - Reconstruction errors of generated samples.
 * @see Berthelot, Schumm, Metz: BEGAN: Boundary Equilibrium Generative Adversarial Networks, 2017
 * @throws OptionError on an unknown option.
 * @example
 * ```ts
 * const loss = await backend.compile(beganGeneratorLoss());
 * const { value, grads } = await loss.valueAndGrad({ fake: [0.5, 0.9] });
 * ```
 */
export const beganGeneratorLoss: Loss<BeganGeneratorLossOptions, { fake: "float" }> = defineLoss({
  name: "beganGeneratorLoss",
  family: "adversarial",
  aliases: ["BoundaryEquilibriumGeneratorLoss", "boundaryEquilibriumGeneratorLoss"],
  inputs: { fake: float(["...f"]) },
  options: { reduction: reduction() },
  value: ({ fake }) => fake,
});
