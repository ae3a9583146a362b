import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { positive, reduction, type ReductionOption } from "../../loss/options.js";
import { huber } from "../../math/huber.js";
import { requireShape } from "../../math/weighted.js";

export interface HuberLossOptions extends ReductionOption {
  /** The error beyond which the loss is linear. Default 1. */
  readonly delta: number;
}

/**
 * Half the square where the error is small, linear with slope delta where it is large.
 *
 * Inputs: `input` and `target`, shapes that broadcast; optional `weight`, which multiplies each element and has the
 * shape of both. Returns the broadcast shape with `reduction: "none"`, else a scalar. Delta times `smoothL1Loss({ beta:
 * delta })`.
 *
 * @formula `1/2 d^2 where |d| <= delta, else delta * (|d| - 1/2 delta); d = input - target`
 * @pytorch `torch.nn.functional.huber_loss`
 * @input input - Predictions.
 * @input target - Truth.
 * @input weight - Weight of each element.
 * @note The mean divides by the number of elements, also with a weight; that of l1Loss and mseLoss divides by the sum
 * of the weights.
 * @note A weight has the shape of input and target.
 * @see Huber: Robust Estimation of a Location Parameter, 1964
 * @throws OptionError if delta is not > 0; ShapeError on shapes that do not broadcast, or a weight of another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(huberLoss({ delta: 0.5 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 2], target: [1, 1] });
 * ```
 */
export const huberLoss: Loss<HuberLossOptions, { input: "float"; target: "float"; weight?: "float" } & Sampled> =
  defineLoss({
    name: "huberLoss",
    family: "regression",
    aliases: ["HuberLoss", "huber_loss"],
    inputs: { input: float(["~d?"]), target: float(["~d?"]) },
    optionalInputs: { weight: float(["~d?"]), ...sampleInputs(["~d?"]) },
    options: { delta: positive(1), reduction: reduction() },
    value({ input, target, weight }, { delta }) {
      const error = huber(input.sub(target).abs(), delta);
      if (weight === undefined) return error;
      requireShape("huberLoss", error, { input, weight });
      return error.mul(weight);
    },
  });
