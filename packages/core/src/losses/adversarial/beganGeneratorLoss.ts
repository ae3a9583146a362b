import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";

export interface BeganGeneratorLossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The generator's side of the boundary equilibrium GAN: samples that the discriminator reconstructs well.
 *
 * `fake`
 *
 * Input: `fake`, reconstruction errors of any shape. Returns that shape with `reduction: "none"`, else a scalar.
 *
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
  summary: "Samples that the discriminator reconstructs well: the generator's side of BEGAN.",
  formula: "fake",
  references: ["Berthelot, Schumm, Metz: BEGAN: Boundary Equilibrium Generative Adversarial Networks, 2017"],
  aliases: ["BoundaryEquilibriumGeneratorLoss", "boundaryEquilibriumGeneratorLoss"],
  inputs: { fake: float(["...f"], "Reconstruction errors of generated samples.") },
  options: { reduction: reduction() },
  value: ({ fake }) => fake,
});
