import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { requireShape, weightedValues } from "../../math/weighted.js";

export type MseLossOptions = ReductionOption;

/**
 * The squared error.
 *
 * Inputs: `input` and `target`, shapes that broadcast; optional `weight`, which has the shape of both. Returns the
 * broadcast shape with `reduction: "none"`, else a scalar. Equals `torch.nn.functional.mse_loss`, which also takes a
 * weight next to an `input` that is stretched: here that is refused, as its mean divides by the weights before they are
 * stretched.
 *
 * @formula `weight * (input - target)^2`
 * @pytorch `torch.nn.functional.mse_loss`
 * @input input - Predictions.
 * @input target - Truth.
 * @input weight - Weight of each element.
 * @note There is no half before the square; optax's l2_loss has one.
 * @note The weighted mean divides by the sum of the weights.
 * @note A weight has the shape of input and target; PyTorch also takes it next to an input that is stretched.
 * @throws ShapeError on shapes that do not broadcast, or a weight of another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(mseLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 2], target: [1, 1] });
 * ```
 */
export const mseLoss: Loss<MseLossOptions, { input: "float"; target: "float"; weight?: "float" } & Sampled> =
  defineLoss({
    name: "mseLoss",
    family: "regression",
    aliases: ["MSELoss", "mse_loss", "meanSquaredError", "MSE", "squaredError"],
    inputs: { input: float(["~d?"]), target: float(["~d?"]) },
    optionalInputs: { weight: float(["~d?"]), ...sampleInputs(["~d?"]) },
    options: { reduction: reduction() },
    value({ input, target, weight }) {
      const error = input.sub(target).square();
      if (weight !== undefined) requireShape("mseLoss", error, { input, weight });
      return weightedValues(error, weight);
    },
  });
