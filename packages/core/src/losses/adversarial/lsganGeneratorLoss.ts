import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { finite, reduction, type ReductionOption } from "../../loss/options.js";

export interface LsganGeneratorLossOptions extends ReductionOption {
  /** The score the generator wants for its samples. Default 1. */
  readonly targetLabel: number;
}

/**
 * The generator's side of the least-squares GAN.
 *
 * Returns the shape of `fake` with `reduction: "none"`, else a scalar. PyTorch has no such loss (half an `mse_loss`).
 *
 * @formula `1/2 (fake - targetLabel)^2`
 * @input fake - Scores of generated samples.
 * @see Mao et al.: Least Squares Generative Adversarial Networks, ICCV 2017
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
  aliases: ["leastSquaresGeneratorLoss"],
  inputs: { fake: float(["...f"]) },
  options: { targetLabel: finite(1), reduction: reduction() },
  value: ({ fake }, { targetLabel }) => fake.sub(targetLabel).square().mul(0.5),
});
