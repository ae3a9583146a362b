import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { finite, integer, reduction, type OptionDeclaration, type ReductionOption } from "../../loss/options.js";
import { violation } from "../../math/margin.js";
import { oneHot, pick } from "../../math/select.js";

export interface MultiMarginLossOptions extends ReductionOption {
  /** Power of each violation. Default 1. */
  readonly p: 1 | 2;
  /** How much larger the score of the target must be. Default 1. */
  readonly margin: number;
}

const power: OptionDeclaration<1 | 2> = {
  ...integer(1),
  default: 1,
  domain: "1 or 2",
  accepts: (value): value is 1 | 2 => value === 1 || value === 2,
};

/**
 * The multi-class hinge loss: the target's score has to be larger than every other, by a margin.
 *
 * Inputs: `input`, scores (C) or (N, C); `target`, int32 or int64 class indices () or (N); optional `weight` (C),
 * without a gradient. Returns the shape of `target` with `reduction: "none"`, else a scalar. Equals
 * `torch.nn.functional.multi_margin_loss`, which also counts NaN as no violation; over no samples PyTorch returns
 * memory that nobody has written to, and here the mean is NaN and the sum 0.
 *
 * @formula `1/C sum_{j != y} w_y max(0, margin - input_y + input_j)^p`
 * @pytorch `torch.nn.functional.multi_margin_loss`
 * @input input - Scores.
 * @input target - Class indices.
 * @input weight - Weight of each class.
 * @note The sum is divided by the number of classes, the target included.
 * @note At the margin the gradient is 0, unlike in the other hinge losses of PyTorch.
 * @note The weight multiplies after the power. The mean divides by the number of samples.
 * @note NaN counts as no violation, as in PyTorch.
 * @see Weston, Watkins: Support Vector Machines for Multi-Class Pattern Recognition, ESANN 1999
 * @throws InputError on an index outside [0, C); OptionError if p is neither 1 nor 2.
 * @example
 * ```ts
 * const loss = await backend.compile(multiMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [[2, 0.5, -1], [0, 1, 0]], target: [0, 2] });
 * ```
 */
export const multiMarginLoss: Loss<
  MultiMarginLossOptions,
  { input: "float"; target: "index"; weight?: "fixed" } & Sampled
> = defineLoss({
  name: "multiMarginLoss",
  family: "classification",
  aliases: ["MultiMarginLoss", "multi_margin_loss", "multiclassHinge"],
  inputs: { input: float(["N?", "C"]), target: labels(["N?"], { below: "C" }) },
  optionalInputs: { weight: float(["C"], { differentiable: false }), ...sampleInputs(["N?"]) },
  options: { p: power, margin: finite(1), reduction: reduction() },
  value({ input, target, weight }, { p, margin }) {
    const axis = input.rank - 1;
    const own = pick(input, target, axis).unsqueeze(axis);
    const violations = violation(input.sub(own).add(margin));
    const costs = p === 1 ? violations : violations.square();
    const isTarget = oneHot(input, target, axis);
    const values = isTarget.where(0, costs).sum(axis).div(input.count(axis));
    return weight === undefined ? values : values.mul(isTarget.where(weight, 0).sum(axis));
  },
});
