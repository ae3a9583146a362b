import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, perClass, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { classAxis, integer, reduction, type ClassAxis, type ReductionOption } from "../../loss/options.js";
import { axisOfClasses, indexEntropy } from "../../math/entropy.js";

export interface NllLossOptions extends ReductionOption {
  /** A target index that contributes nothing. Default -100. */
  readonly ignoreIndex: number;
  /** The axis of the classes: 1, or -1 for the last. Default 1. */
  readonly classAxis: ClassAxis;
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
 * @note classAxis -1 takes log-probabilities (N, d₁…, C), such as [B, T, V] with labels [B, T]; PyTorch wants them
 * transposed.
 * @throws InputError on an index outside [0, C) that is not ignoreIndex; ShapeError on shapes that do not fit.
 * @example
 * ```ts
 * const loss = await backend.compile(nllLoss({ ignoreIndex: 0 }));
 * const { value } = await loss.valueAndGrad({ input: logProbabilities, target: [1, 0, 4] });
 * ```
 */
export const nllLoss: Loss<NllLossOptions, { input: "float"; target: "index"; weight?: "float" } & Sampled> =
  defineLoss({
    name: "nllLoss",
    family: "classification",
    aliases: ["NLLLoss", "nll_loss", "negativeLogLikelihood"],
    inputs: { input: perClass(), target: labels(["N?", "...d"], { below: "C", except: "ignoreIndex" }) },
    optionalInputs: { weight: float(["C"]), ...sampleInputs(["N?", "...d"]) },
    options: { ignoreIndex: integer(-100), classAxis: classAxis(), reduction: reduction() },
    value: ({ input, target, weight }, { ignoreIndex, classAxis: axis }) => ({
      terms: indexEntropy(input, target, { axis: axisOfClasses(input, axis), ignoreIndex, weight }),
    }),
  });
