import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { positive, reduction, type ReductionOption } from "../../loss/options.js";

export interface R2LossOptions extends ReductionOption {
  /** Factor of the penalty, halved in it. Default 10. */
  readonly gamma: number;
}

/**
 * The discriminator should be flat at generated samples: a penalty on its squared gradient.
 *
 * Returns (N) with `reduction: "none"`, else a scalar. Smooth everywhere.
 *
 * @formula `gamma / 2 |grad D(x)|^2 at generated samples`
 * @input gradients - The discriminator's gradient with respect to each generated sample.
 * @note r1Loss takes gradients at real samples, r2Loss at generated ones; the formula is the same.
 * @note To train the discriminator, carry this loss's gradient through the discriminator's own second derivative.
 * @see Mescheder, Geiger, Nowozin: Which Training Methods for GANs do actually Converge?, ICML 2018
 * @throws OptionError if gamma is not > 0; ShapeError unless gradients have two axes.
 * @example
 * ```ts
 * const loss = await backend.compile(r2Loss({ gamma: 10 }));
 * const { value, grads } = await loss.valueAndGrad({ gradients });
 * ```
 */
export const r2Loss: Loss<R2LossOptions, { gradients: "float" }> = defineLoss({
  name: "r2Loss",
  family: "adversarial",
  aliases: ["R2", "r2Regularization"],
  inputs: { gradients: float(["N", "D", "...d"]) },
  options: { gamma: positive(10), reduction: reduction() },
  value: ({ gradients }, { gamma }) =>
    gradients
      .flatten(1)
      .square()
      .sum(1)
      .mul(gamma / 2),
});
