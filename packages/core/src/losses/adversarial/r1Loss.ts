import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { positive, reduction, type Reduction } from "../../loss/options.js";

export interface R1LossOptions {
  /** Factor of the penalty, halved in it; > 0. Default 10. */
  readonly gamma: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The R1 penalty: the discriminator should be flat at real samples.
 *
 * `gamma / 2 · ‖∇D(x)‖²` per sample
 *
 * Input: `gradients` of shape (N, …), the discriminator's gradient with respect to each real sample. Returns (N) with
 * `reduction: "none"`, else a scalar. Smooth everywhere. PyTorch has no such loss.
 *
 * @throws OptionError if gamma is not > 0; ShapeError unless gradients have two axes.
 * @example
 * ```ts
 * const loss = await backend.compile(r1Loss({ gamma: 10 }));
 * const { value, grads } = await loss.valueAndGrad({ gradients });
 * ```
 */
export const r1Loss: Loss<R1LossOptions, { gradients: "float" }> = defineLoss({
  name: "r1Loss",
  family: "adversarial",
  summary: "The discriminator should be flat at real samples: a penalty on its squared gradient.",
  formula: "gamma / 2 |grad D(x)|^2 at real samples",
  notes: [
    "r1Loss takes gradients at real samples, r2Loss at generated ones; the formula is the same.",
    "To train the discriminator, carry this loss's gradient through the discriminator's own second derivative.",
  ],
  references: ["Mescheder, Geiger, Nowozin: Which Training Methods for GANs do actually Converge?, ICML 2018"],
  aliases: ["R1", "r1Regularization"],
  inputs: { gradients: float(["N", "D", "...d"], "The discriminator's gradient with respect to each real sample.") },
  options: {
    gamma: positive(10, "Factor of the penalty, halved in it."),
    reduction: reduction(),
  },
  value: ({ gradients }, { gamma }) => gradients.flatten(1).square().sum(1).mul(gamma / 2),
});
