import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { nonNegative, reduction, type ReductionOption } from "../../loss/options.js";
import { huber } from "../../math/huber.js";

export interface SmoothL1LossOptions extends ReductionOption {
  /** The error from which on the loss is linear. Default 1. */
  readonly beta: number;
}

/**
 * Squared where the error is small, absolute where it is large, with slope 1 there.
 *
 * Returns the broadcast shape with `reduction: "none"`, else a scalar.
 *
 * @formula `1/2 d^2 / beta where |d| < beta, else |d| - 1/2 beta; d = input - target`
 * @pytorch `torch.nn.functional.smooth_l1_loss`
 * @input input - Predictions.
 * @input target - Truth.
 * @note huberLoss with delta = beta is beta times as large.
 * @note With beta 0 it is l1Loss, with gradient 0 at 0.
 * @see Girshick: Fast R-CNN, ICCV 2015
 * @throws OptionError if beta is negative; ShapeError on shapes that do not broadcast.
 * @example
 * ```ts
 * const loss = await backend.compile(smoothL1Loss({ beta: 0.5 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 2], target: [1, 1] });
 * ```
 */
export const smoothL1Loss: Loss<SmoothL1LossOptions, { input: "float"; target: "float" } & Sampled> = defineLoss({
  name: "smoothL1Loss",
  family: "regression",
  aliases: ["SmoothL1Loss", "smooth_l1_loss"],
  inputs: { input: float(["~d?"]), target: float(["~d?"]) },
  optionalInputs: sampleInputs(["~d?"]),
  options: { beta: nonNegative(1), reduction: reduction() },
  value({ input, target }, { beta }) {
    const error = input.sub(target).abs();
    return beta === 0 ? error : huber(error, beta).div(beta);
  },
});
