import { customGradient } from "../../graph/tracedTensor.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { flag, oneOf, type Reduction } from "../../loss/options.js";
import { xlogy } from "../../math/entropy.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface KlDivOptions {
  /** The target holds log-probabilities too. Default false. */
  readonly logTarget: boolean;
  /**
   * How the elements become the result. Default `"mean"`: over all elements. `"batchmean"` divides by the batch and
   * is the divergence itself.
   */
  readonly reduction: Reduction | "batchmean";
}

/**
 * The Kullback-Leibler divergence of predicted log-probabilities from a target distribution.
 *
 * Returns the broadcast shape with `reduction: "none"`, else a scalar; `"batchmean"` divides by the size of `input`'s
 * first axis. Where the target is 0 the value is 0 and the gradient towards the target NaN; a negative target gives
 * NaN; an input of −∞ gives ∞, or NaN where the target is 0.
 *
 * @formula `target * (log(target) - input); logTarget: exp(target) * (target - input)`
 * @pytorch `torch.nn.functional.kl_div`
 * @input input - Predicted log-probabilities.
 * @input target - Target probabilities, or their logarithms with logTarget.
 * @note input holds log-probabilities: take log_softmax first.
 * @note "mean" divides by the number of elements and is not the divergence; use "batchmean".
 * @note The survey prints 0.5978 for its example; the mean is 0.3162, the sum 1.8971, the batchmean 0.9486. Its code
 * also needs a floating target.
 * @see Kullback, Leibler: On Information and Sufficiency, 1951
 * @throws ShapeError on shapes that do not broadcast; OptionError on an unknown reduction.
 * @example
 * ```ts
 * const loss = await backend.compile(klDiv({ reduction: "batchmean" }));
 * const { value } = await loss.valueAndGrad({ input: logProbabilities, target: probabilities });
 * ```
 */
export const klDiv: Loss<KlDivOptions, { input: "float"; target: "float" } & Sampled> = defineLoss({
  name: "klDiv",
  family: "distribution",
  aliases: ["KLDivLoss", "kl_div", "kullbackLeiblerDivergence", "klDivergence"],
  inputs: { input: float(["~d?"]), target: float(["~d?"]) },
  optionalInputs: sampleInputs(["~d?"]),
  options: { logTarget: flag(false), reduction: oneOf(["none", "mean", "sum", "batchmean"], "mean") },
  value({ input, target }, { logTarget }) {
    const values = logTarget ? logDivergence(input, target) : xlogy(target, target).sub(target.mul(input));
    return { values, batch: input.count(input.rank === 0 ? [] : 0) };
  },
});

/** `eᵗ(t − x)`, whose gradient takes the value as a factor: (−g·eᵗ, g·eᵗ(t − x) + g·eᵗ). */
function logDivergence(x: Tensor, t: Tensor): Tensor {
  const density = t.exp();
  return customGradient(density.mul(t.sub(x)), [x, t], (g, value) => {
    const toInput = density.mul(g.neg());
    return [toInput, value.mul(g).sub(toInput)];
  });
}
