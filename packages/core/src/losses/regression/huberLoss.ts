import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { positive, reduction, type Reduction } from "../../loss/options.js";
import { huber } from "../../math/huber.js";
import { requireShape } from "../../math/weighted.js";

export interface HuberLossOptions {
  /** The error beyond which the loss is linear; > 0. Default 1. */
  readonly delta: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Half the square where the error is small, linear with slope delta where it is large.
 *
 * `½ d²` where `|d| ≤ delta`, else `delta (|d| − ½ delta)`; `d = input − target`
 *
 * Inputs: `input` and `target`, shapes that broadcast; optional `weight`, which multiplies each element and has the shape of both.
 * Returns the broadcast shape with `reduction: "none"`, else a scalar. The mean divides by the number of elements, also with a
 * weight, unlike that of `l1Loss` and `mseLoss`. Equals `torch.nn.functional.huber_loss`; delta times
 * `smoothL1Loss({ beta: delta })`.
 *
 * @throws OptionError if delta is not > 0; ShapeError on shapes that do not broadcast, or a weight of another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(huberLoss({ delta: 0.5 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 2], target: [1, 1] });
 * ```
 */
export const huberLoss: Loss<HuberLossOptions, { input: "float"; target: "float"; weight?: "float" }> = defineLoss({
  name: "huberLoss",
  family: "regression",
  summary: "Half the square where the error is small, linear with slope delta where it is large.",
  formula: "1/2 d^2 where |d| <= delta, else delta * (|d| - 1/2 delta); d = input - target",
  pytorch: "torch.nn.functional.huber_loss",
  notes: [
    "The mean divides by the number of elements, also with a weight; that of l1Loss and mseLoss divides by the sum of the weights.",
    "A weight has the shape of input and target.",
  ],
  references: ["Huber: Robust Estimation of a Location Parameter, 1964"],
  aliases: ["HuberLoss", "huber_loss"],
  inputs: { input: float(["~d?"], "Predictions."), target: float(["~d?"], "Truth.") },
  optionalInputs: { weight: float(["~d?"], "Weight of each element.") },
  options: {
    delta: positive(1, "The error beyond which the loss is linear."),
    reduction: reduction(),
  },
  value({ input, target, weight }, { delta }) {
    const error = huber(input.sub(target).abs(), delta);
    if (weight === undefined) return error;
    requireShape("huberLoss", error, { input, weight });
    return error.mul(weight);
  },
});
