import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { labelEntropy } from "../../math/entropy.js";

export type MultilabelSoftMarginLossOptions = ReductionOption;

/**
 * The binary cross-entropy of each class, averaged over the classes of a sample.
 *
 * `−1/C Σ_c w_c (target_c log σ(input_c) + (1 − target_c) log σ(−input_c))`
 *
 * Inputs: `input`, logits, and `target`, labels between 0 and 1, both (…, C); optional `weight` (C). Returns the
 * leading axes with `reduction: "none"`, else a scalar: the mean or the sum of the samples' means.
 *
 * @formula `-1/C sum_c w_c (y_c log sigmoid(x_c) + (1 - y_c) log sigmoid(-x_c))`
 * @pytorch `torch.nn.functional.multilabel_soft_margin_loss`
 * @input input - Logits.
 * @input target - Labels between 0 and 1.
 * @input weight - Weight of each class.
 * @note input holds logits.
 * @note "sum" adds the samples' means over the classes.
 * @note Each mean divides by the number of classes, also with a weight.
 * @throws ShapeError if target has another shape, or weight not one number for each class.
 * @example
 * ```ts
 * const loss = await backend.compile(multilabelSoftMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [[2.1, -0.4, 0.3]], target: [[1, 0, 1]] });
 * ```
 */
export const multilabelSoftMarginLoss: Loss<
  MultilabelSoftMarginLossOptions,
  { input: "float"; target: "float"; weight?: "float" } & Sampled
> = defineLoss({
  name: "multilabelSoftMarginLoss",
  family: "classification",
  aliases: ["MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss"],
  inputs: { input: float(["...n", "C"]), target: float(["...n", "C"]) },
  optionalInputs: { weight: float(["C"]), ...sampleInputs(["...n"]) },
  options: { reduction: reduction() },
  value({ input, target, weight }) {
    const entropy = labelEntropy(input, target);
    return (weight === undefined ? entropy : entropy.mul(weight)).sum(-1).div(input.count(-1));
  },
});
