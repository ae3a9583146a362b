import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";
import { requireShape, weightedValues } from "../../math/weighted.js";

export interface L1LossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The absolute error.
 *
 * `|input − target|`; with weights `w · |input − target|`
 *
 * Inputs: `input` and `target`, shapes that broadcast; optional `weight`, which has the shape of both. Returns the broadcast shape
 * with `reduction: "none"`, else a scalar. The weighted mean divides by the sum of the weights. The gradient is 0 where both are
 * equal. Equals `torch.nn.functional.l1_loss`, which also takes a weight next to an `input` that is stretched: here that is refused,
 * as its mean divides by the weights before they are stretched.
 *
 * @throws ShapeError on shapes that do not broadcast, or a weight of another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(l1Loss());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 2], target: [1, 1] });
 * ```
 */
export const l1Loss: Loss<L1LossOptions, { input: "float"; target: "float"; weight?: "float" }> = defineLoss({
  name: "l1Loss",
  family: "regression",
  summary: "The absolute error.",
  formula: "weight * |input - target|",
  pytorch: "torch.nn.functional.l1_loss",
  notes: [
    "The gradient is 0 where input and target are equal.",
    "The weighted mean divides by the sum of the weights.",
    "A weight has the shape of input and target; PyTorch also takes it next to an input that is stretched.",
  ],
  aliases: ["L1Loss", "l1_loss", "meanAbsoluteError", "MAE", "absoluteDifference"],
  inputs: { input: float(["~d?"], "Predictions."), target: float(["~d?"], "Truth.") },
  optionalInputs: { weight: float(["~d?"], "Weight of each element.") },
  options: { reduction: reduction() },
  value({ input, target, weight }) {
    const error = input.sub(target).abs();
    if (weight !== undefined) requireShape("l1Loss", error, { input, weight });
    return weightedValues(error, weight);
  },
});
