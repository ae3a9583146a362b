import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";

export type HingeGanGeneratorLossOptions = ReductionOption;

/**
 * The generator's side of the hinge GAN: minus the discriminator's score.
 *
 * Returns the shape of `fake` with `reduction: "none"`, else a scalar.
 *
 * @formula `-fake`
 * @input fake - Scores of generated samples.
 * @note There is no hinge on this side.
 * @see Lim, Ye: Geometric GAN, 2017
 * @throws OptionError on an unknown option.
 * @example
 * ```ts
 * const loss = await backend.compile(hingeGanGeneratorLoss());
 * const { value, grads } = await loss.valueAndGrad({ fake: [-0.3, 0.1] });
 * ```
 */
export const hingeGanGeneratorLoss: Loss<HingeGanGeneratorLossOptions, { fake: "float" }> = defineLoss({
  name: "hingeGanGeneratorLoss",
  family: "adversarial",
  aliases: ["hingeGeneratorLoss"],
  inputs: { fake: float(["...f"]) },
  options: { reduction: reduction() },
  value: ({ fake }) => fake.neg(),
});
