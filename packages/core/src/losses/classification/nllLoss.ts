import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { integer, reduction, type Reduction } from "../../loss/options.js";
import { indexEntropy } from "../../math/entropy.js";

export interface NllLossOptions {
  /** A target index that contributes nothing; any integer. Default −100. */
  readonly ignoreIndex: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The negative log-likelihood of class indices under given log-probabilities.
 *
 * `−w_y · input_y`
 *
 * Inputs: `input`, log-probabilities (C), (N, C) or (N, C, d₁…); `target`, int32 or int64 class indices (), (N) or
 * (N, d₁…); optional `weight` (C). Returns the shape of `target` with `reduction: "none"`, else a scalar.
 *
 * The mean divides by the sum of the weights of the samples that count (NaN with gradient 0 if all are ignored).
 * Equals `torch.nn.functional.nll_loss`; int32 indices are taken too, and `weight` has a gradient.
 *
 * @throws InputError on an index outside [0, C) that is not ignoreIndex; ShapeError on shapes that do not fit.
 * @example
 * ```ts
 * const loss = await backend.compile(nllLoss({ ignoreIndex: 0 }));
 * const { value } = await loss.valueAndGrad({ input: logProbabilities, target: [1, 0, 4] });
 * ```
 */
export const nllLoss: Loss<NllLossOptions, "input" | "target", "weight"> = defineLoss({
  name: "nllLoss",
  family: "classification",
  summary: "The negative log-likelihood of class indices under given log-probabilities.",
  formula: "-w_y * input_y",
  pytorch: "torch.nn.functional.nll_loss",
  notes: [
    "input holds log-probabilities: crossEntropy does log_softmax and this in one.",
    "A weight of 0 on a log-probability of -Infinity gives NaN, as in PyTorch.",
  ],
  aliases: ["NLLLoss", "nll_loss", "negativeLogLikelihood"],
  inputs: {
    input: float(["N?", "C", "...d"], "Log-probabilities."),
    target: labels(["N?", "...d"], "Class indices.", { below: "C", except: "ignoreIndex" }),
  },
  optionalInputs: { weight: float(["C"], "Weight of each class.") },
  options: {
    ignoreIndex: integer(-100, "A target index that contributes nothing."),
    reduction: reduction(),
  },
  value: ({ input, target, weight }, { ignoreIndex }) => ({
    terms: indexEntropy(input, target, { axis: input.rank === 1 ? 0 : 1, ignoreIndex, weight }),
  }),
});
