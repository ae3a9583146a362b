import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { integer, reduction, type ReductionOption } from "../../loss/options.js";
import { indexEntropy } from "../../math/entropy.js";

export interface NllLossOptions extends ReductionOption {
  /** A target index that contributes nothing. Default -100. */
  readonly ignoreIndex: number;
}

/**
 * The negative log-likelihood of class indices under given log-probabilities.
 *
 * Returns the shape of `target` with `reduction: "none"`, else a scalar. The mean divides by the sum of the weights of
 * the samples that count (NaN with gradient 0 if all are ignored). int32 indices are taken too, and `weight` has a
 * gradient.
 *
 * @formula `-w_y * input_y`
 * @pytorch `torch.nn.functional.nll_loss`
 * @input input - Log-probabilities.
 * @input target - Class indices.
 * @input weight - Weight of each class.
 * @note input holds log-probabilities: crossEntropy does log_softmax and this in one.
 * @note A weight of 0 on a log-probability of -Infinity gives NaN, as in PyTorch.
 * @throws InputError on an index outside [0, C) that is not ignoreIndex; ShapeError on shapes that do not fit.
 * @example
 * ```ts
 * const loss = await backend.compile(nllLoss({ ignoreIndex: 0 }));
 * const { value } = await loss.valueAndGrad({ input: logProbabilities, target: [1, 0, 4] });
 * ```
 */
export const nllLoss: Loss<NllLossOptions, { input: "float"; target: "index"; weight?: "float" }> = defineLoss({
  name: "nllLoss",
  family: "classification",
  aliases: ["NLLLoss", "nll_loss", "negativeLogLikelihood"],
  inputs: { input: float(["N?", "C", "...d"]), target: labels(["N?", "...d"], { below: "C", except: "ignoreIndex" }) },
  optionalInputs: { weight: float(["C"]) },
  options: { ignoreIndex: integer(-100), reduction: reduction() },
  value: ({ input, target, weight }, { ignoreIndex }) => ({
    terms: indexEntropy(input, target, { axis: input.rank === 1 ? 0 : 1, ignoreIndex, weight }),
  }),
});
