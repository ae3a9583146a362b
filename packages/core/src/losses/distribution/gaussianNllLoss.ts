import { customGradient } from "../../graph/tracedTensor.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { flag, nonNegative, reduction, type ReductionOption } from "../../loss/options.js";
import { requireWithin } from "../../math/weighted.js";

export interface GaussianNllLossOptions extends ReductionOption {
  /** Add the constant 1/2 log(2 pi). Default false. */
  readonly full: boolean;
  /** The smallest variance. Default 1e-6. */
  readonly eps: number;
}

/**
 * The negative log-likelihood of numbers under a Gaussian distribution with a predicted mean and variance.
 *
 * `½ (log v + (input − target)² / v)`, `v = max(var, eps)`; with `full` plus `½ log 2π`
 *
 * Inputs: `input`, means, and `target`, shapes that broadcast; `var`, variances ≥ 0: as many axes, each of full size or
 * 1, or without the last axis (one for each sample), or one number for all. Returns the broadcast shape with
 * `reduction: "none"`, else a scalar. The floor of the variance does not stop its gradient, which is that at the floor.
 * Equals `torch.nn.functional.gaussian_nll_loss`, which allows one axis of size 1 in `var`, not several.
 *
 * @formula `1/2 (log v + (input - target)^2 / v), v = max(var, eps)`
 * @pytorch `torch.nn.functional.gaussian_nll_loss`
 * @input input - Means.
 * @input target - Truth.
 * @input var - One variance for all. Or: Variances, all or one for each sample.
 * @note Below eps the variance still has a gradient, that of the floor, as in PyTorch.
 * @note A variance without the last axis is one for each sample.
 * @note PyTorch allows one axis of size 1 in var; here there may be several.
 * @see Nix, Weigend: Estimating the Mean and Variance of the Target Probability Distribution, 1994
 * @throws InputError on a negative variance; OptionError if eps is negative; ShapeError on shapes that do not fit.
 * @example
 * ```ts
 * const loss = await backend.compile(gaussianNllLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [[0.5, 1.2]], target: [[1, 1]], var: [0.25] });
 * ```
 */
export const gaussianNllLoss: Loss<
  GaussianNllLossOptions,
  { input: "float"; target: "float"; var: "float" } & Sampled
> = defineLoss({
  name: "gaussianNllLoss",
  family: "distribution",
  aliases: ["GaussianNLLLoss", "gaussian_nll_loss"],
  inputs: {
    input: float(["~d?"]),
    target: float(["~d?"]),
    var: either(float([], { from: 0, nan: true }), float(["~d-"], { from: 0, nan: true })),
  },
  optionalInputs: sampleInputs(["~d?"]),
  options: { full: flag(false), eps: nonNegative(1e-6), reduction: reduction() },
  value({ input, target, var: given }, { full, eps }) {
    const error = input.sub(target);
    const variance = given.rank > 0 && given.rank < error.rank ? given.unsqueeze(-1) : given;
    requireWithin("gaussianNllLoss", error, { var: variance });
    const v = customGradient(variance.clampMin(eps), [variance], (g) => [g]);
    const likelihood = v.log().add(error.square().div(v)).mul(0.5);
    return full ? likelihood.add(0.5 * Math.log(2 * Math.PI)) : likelihood;
  },
});
