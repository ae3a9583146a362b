import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { flag, nonNegative, reduction, type ReductionOption } from "../../loss/options.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface PoissonNllLossOptions extends ReductionOption {
  /** The input holds logarithms of rates, not rates. Default true. */
  readonly logInput: boolean;
  /** Add Stirling's approximation of log(target!) where the target is above 1. Default false. */
  readonly full: boolean;
  /** Added to rates before the logarithm. Default 1e-8. */
  readonly eps: number;
}

/**
 * The negative log-likelihood of counts under a Poisson distribution.
 *
 * `exp(input) − target · input`; without `logInput`: `input − target · log(input + eps)`; with `full` also `target log
 * target − target + ½ log(2π target)` where `target > 1`
 *
 * Returns the broadcast shape with `reduction: "none"`, else a scalar. Without `full` the term log(target!), which does
 * not depend on the input, is left out.
 *
 * @formula `exp(input) - target * input; without logInput: input - target * log(input + eps)`
 * @pytorch `torch.nn.functional.poisson_nll_loss`
 * @input input - Logarithms of rates, or rates without logInput.
 * @input target - Counts.
 * @note input holds logarithms of rates by default.
 * @note Stirling's term counts only where the target is above 1; a target of 0 has a gradient of NaN with it, as in
 * PyTorch.
 * @note keras and tfjs call by the name poisson the form without logInput, with eps 1e-7.
 * @throws OptionError if eps is negative; ShapeError on shapes that do not broadcast.
 * @example
 * ```ts
 * const loss = await backend.compile(poissonNllLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 1.2], target: [2, 3] });
 * ```
 */
export const poissonNllLoss: Loss<PoissonNllLossOptions, { input: "float"; target: "float" } & Sampled> = defineLoss({
  name: "poissonNllLoss",
  family: "distribution",
  aliases: ["PoissonNLLLoss", "poisson_nll_loss", "poisson"],
  inputs: { input: float(["~d?"]), target: float(["~d?"]) },
  optionalInputs: sampleInputs(["~d?"]),
  options: { logInput: flag(true), full: flag(false), eps: nonNegative(1e-8), reduction: reduction() },
  value({ input, target }, { logInput, full, eps }) {
    const rate = logInput ? input.exp() : input;
    const logRate = logInput ? input : input.add(eps).log();
    const likelihood = rate.sub(target.mul(logRate));
    return full ? likelihood.add(target.lessOrEqual(1).where(0, stirling(target))) : likelihood;
  },
});

/** `log n! ≈ n log n − n + ½ log(2πn)` */
function stirling(n: Tensor): Tensor {
  return n
    .mul(n.log())
    .sub(n)
    .add(
      n
        .mul(2 * Math.PI)
        .log()
        .mul(0.5),
    );
}
