import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { requireShape, weightedValues } from "../../math/weighted.js";

export type L1LossOptions = ReductionOption;

/**
 * The absolute error.
 *
 * Inputs: `input` and `target`, shapes that broadcast; optional `weight`, which has the shape of both. Returns the
 * broadcast shape with `reduction: "none"`, else a scalar. Equals `torch.nn.functional.l1_loss`, which also takes a
 * weight next to an `input` that is stretched: here that is refused, as its mean divides by the weights before they are
 * stretched.
 *
 * @formula `weight * |input - target|`
 * @pytorch `torch.nn.functional.l1_loss`
 * @input input - Predictions.
 * @input target - Truth.
 * @input weight - Weight of each element.
 * @note The gradient is 0 where input and target are equal.
 * @note The weighted mean divides by the sum of the weights.
 * @note A weight has the shape of input and target; PyTorch also takes it next to an input that is stretched.
 * @throws ShapeError on shapes that do not broadcast, or a weight of another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(l1Loss());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 2], target: [1, 1] });
 * ```
 */
export const l1Loss: Loss<L1LossOptions, { input: "float"; target: "float"; weight?: "float" } & Sampled> = defineLoss({
  name: "l1Loss",
  family: "regression",
  aliases: ["L1Loss", "l1_loss", "meanAbsoluteError", "MAE", "absoluteDifference"],
  inputs: { input: float(["~d?"]), target: float(["~d?"]) },
  optionalInputs: { weight: float(["~d?"]), ...sampleInputs(["~d?"]) },
  options: { reduction: reduction() },
  value({ input, target, weight }) {
    const error = input.sub(target).abs();
    if (weight !== undefined) requireShape("l1Loss", error, { input, weight });
    return weightedValues(error, weight);
  },
});
