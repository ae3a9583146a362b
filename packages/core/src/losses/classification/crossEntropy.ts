import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float, labels, perClass, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { classAxis, fraction, integer, reduction, type ClassAxis, type ReductionOption } from "../../loss/options.js";
import { axisOfClasses, targetEntropy } from "../../math/entropy.js";

export interface CrossEntropyOptions extends ReductionOption {
  /** A target index that contributes nothing. Default -100. Only with class indices. */
  readonly ignoreIndex: number;
  /** The axis of the classes: 1, or -1 for the last. Default 1. */
  readonly classAxis: ClassAxis;
  /** Share of the target spread evenly over the classes. Default 0. */
  readonly labelSmoothing: number;
}

/**
 * Cross-entropy of logits against class indices or class probabilities.
 *
 * Logits are (C), (N, C) or (N, C, d₁…), indices (), (N) or (N, d₁…), int32 or int64; probabilities have the shape of
 * `input`. Returns the shape of the indices with `reduction: "none"`, else a scalar. With indices `weight` has a
 * gradient too, which PyTorch refuses.
 *
 * @formula `-w_y log softmax(input)_y, or -sum_c w_c target_c log softmax(input)_c`
 * @pytorch `torch.nn.functional.cross_entropy`
 * @input input - Logits.
 * @input target - Class indices. Or: Class probabilities.
 * @input weight - Weight of each class.
 * @note input holds logits, not probabilities.
 * @note With indices the mean divides by the sum of the weights of the targets; with probabilities by the number of
 * samples.
 * @note If every target is ignored the mean is NaN with gradient 0, as in PyTorch.
 * @note Labels have 32 bits inside; an ignoreIndex that has more is found in int64 arrays and lists, and the labels
 * that bear it are ignored.
 * @note A sample whose target logit is -Infinity costs Infinity; one-hot probabilities over a logit of -Infinity give
 * NaN.
 * @note The survey writes a sum over the batch; that is reduction "sum".
 * @see Szegedy et al.: Rethinking the Inception Architecture, CVPR 2016 (label smoothing)
 * @note classAxis -1 takes logits (N, d₁…, C), such as [B, T, V] of a language model with labels [B, T]; PyTorch wants them
 * transposed.
 * @throws InputError on an index outside [0, C) that is not ignoreIndex; OptionError if ignoreIndex ≥ 0 meets
 * probabilities.
 * @example
 * ```ts
 * const loss = await backend.compile(crossEntropy({ labelSmoothing: 0.1 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [[2, 0.5, -1], [0, 1, 0]], target: [0, 2] });
 * ```
 */
export const crossEntropy: Loss<
  CrossEntropyOptions,
  { input: "float"; target: "index" | "float"; weight?: "float" } & Sampled
> = defineLoss({
  name: "crossEntropy",
  family: "classification",
  aliases: ["CrossEntropyLoss", "cross_entropy", "softmaxCrossEntropy", "sparseCategoricalCrossentropy"],
  inputs: {
    input: perClass(),
    target: either(labels(["N?", "...d"], { below: "C", except: "ignoreIndex" }), perClass()),
  },
  optionalInputs: { weight: float(["C"]), ...sampleInputs(["N?", "...d"]) },
  options: {
    ignoreIndex: integer(-100),
    classAxis: classAxis(),
    labelSmoothing: fraction(0),
    reduction: reduction(),
  },
  value({ input, target, weight }, { ignoreIndex, labelSmoothing, classAxis: given }) {
    const axis = axisOfClasses(input, given);
    const logProbabilities = input.logSoftmax(axis);
    return targetEntropy("crossEntropy", logProbabilities, target, { axis, ignoreIndex, labelSmoothing, weight });
  },
});
