import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";

export interface HingeGanGeneratorLossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The generator's side of the hinge GAN: minus the discriminator's score.
 *
 * `−fake`
 *
 * Input: `fake`, scores of any shape. Returns that shape with `reduction: "none"`, else a scalar.
 *
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
  summary: "The generator's side of the hinge GAN: minus the discriminator's score.",
  formula: "-fake",
  notes: ["There is no hinge on this side."],
  references: ["Lim, Ye: Geometric GAN, 2017"],
  aliases: ["hingeGeneratorLoss"],
  inputs: { fake: float(["...f"], "Scores of generated samples.") },
  options: { reduction: reduction() },
  value: ({ fake }) => fake.neg(),
});
