import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, integer, reduction, type OptionDeclaration, type Reduction } from "../../loss/options.js";
import { violation } from "../../math/margin.js";
import { oneHot, pick } from "../../math/select.js";

export interface MultiMarginLossOptions {
  /** Power of each violation: 1 or 2. Default 1. */
  readonly p: 1 | 2;
  /** How much larger the score of the target must be; any finite number. Default 1. */
  readonly margin: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

const power: OptionDeclaration<1 | 2> = {
  ...integer(1, "Power of each violation."),
  default: 1,
  domain: "1 or 2",
  accepts: (value): value is 1 | 2 => value === 1 || value === 2,
};

/**
 * The multi-class hinge loss: the score of the target has to be larger than that of every other class, by a margin.
 *
 * `1/C Σ_{j ≠ y} w_y max(0, margin − input_y + input_j)^p`
 *
 * Inputs: `input`, scores (C) or (N, C); `target`, int32 or int64 class indices () or (N); optional `weight` (C), without a gradient.
 * Returns the shape of `target` with `reduction: "none"`, else a scalar. The mean divides by the number of samples, also with a
 * weight. The gradient is 0 at the margin. Equals `torch.nn.functional.multi_margin_loss`, which also counts NaN as no violation;
 * over no samples PyTorch returns memory that nobody has written to, and here the mean is NaN and the sum 0.
 *
 * @throws InputError on an index outside [0, C); OptionError if p is neither 1 nor 2.
 * @example
 * ```ts
 * const loss = await backend.compile(multiMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [[2, 0.5, -1], [0, 1, 0]], target: [0, 2] });
 * ```
 */
export const multiMarginLoss: Loss<MultiMarginLossOptions, { input: "float"; target: "index"; weight?: "fixed" }> =
  defineLoss({
    name: "multiMarginLoss",
    family: "classification",
    summary: "The multi-class hinge loss: the target's score has to be larger than every other, by a margin.",
    formula: "1/C sum_{j != y} w_y max(0, margin - input_y + input_j)^p",
    pytorch: "torch.nn.functional.multi_margin_loss",
    notes: [
      "The sum is divided by the number of classes, the target included.",
      "At the margin the gradient is 0, unlike in the other hinge losses of PyTorch.",
      "The weight multiplies after the power. The mean divides by the number of samples.",
      "NaN counts as no violation, as in PyTorch.",
    ],
    references: ["Weston, Watkins: Support Vector Machines for Multi-Class Pattern Recognition, ESANN 1999"],
    aliases: ["MultiMarginLoss", "multi_margin_loss", "multiclassHinge"],
    inputs: {
      input: float(["N?", "C"], "Scores."),
      target: labels(["N?"], "Class indices.", { below: "C" }),
    },
    optionalInputs: { weight: float(["C"], "Weight of each class.", { differentiable: false }) },
    options: {
      p: power,
      margin: finite(1, "How much larger the score of the target must be."),
      reduction: reduction(),
    },
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
