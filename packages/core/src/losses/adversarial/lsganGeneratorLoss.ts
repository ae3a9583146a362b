import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { finite, reduction, type Reduction } from "../../loss/options.js";

export interface LsganGeneratorLossOptions {
  /** The score the generator wants for its samples. Default 1. */
  readonly targetLabel: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The generator's side of the least-squares GAN.
 *
 * `½ (fake − targetLabel)²`
 *
 * Input: `fake`, scores of any shape. Returns that shape with `reduction: "none"`, else a scalar. PyTorch has no such
 * loss (half an `mse_loss`).
 *
 * @throws OptionError on a label that is not finite.
 * @example
 * ```ts
 * const loss = await backend.compile(lsganGeneratorLoss());
 * const { value, grads } = await loss.valueAndGrad({ fake: [0.2, 0.4] });
 * ```
 */
export const lsganGeneratorLoss: Loss<LsganGeneratorLossOptions, { fake: "float" }> = defineLoss({
  name: "lsganGeneratorLoss",
  family: "adversarial",
  summary: "The generator's side of the least-squares GAN.",
  formula: "1/2 (fake - targetLabel)^2",
  references: ["Mao et al.: Least Squares Generative Adversarial Networks, ICCV 2017"],
  aliases: ["leastSquaresGeneratorLoss"],
  inputs: { fake: float(["...f"], "Scores of generated samples.") },
  options: { targetLabel: finite(1, "The score the generator wants for its samples."), reduction: reduction() },
  value: ({ fake }, { targetLabel }) => fake.sub(targetLabel).square().mul(0.5),
});
