import { OptionError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float, labels } from "../../loss/inputs.js";
import { fraction, integer, reduction, type Reduction } from "../../loss/options.js";
import { indexEntropy, probabilityEntropy } from "../../math/entropy.js";

export interface CrossEntropyOptions {
  /** A target index that contributes nothing; any integer. Only with class indices. Default −100. */
  readonly ignoreIndex: number;
  /** Share of the target spread evenly over the classes, in [0, 1]. Default 0. */
  readonly labelSmoothing: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Cross-entropy of logits against class indices or class probabilities.
 *
 * indices: `−w_y log softmax(input)_y`; probabilities: `−Σ_c w_c target_c log softmax(input)_c`
 *
 * Inputs: `input`, logits (C), (N, C) or (N, C, d₁…); `target`, int32 or int64 class indices (), (N) or (N, d₁…), or
 * floating probabilities of the shape of `input`; optional `weight` (C). Returns the shape of the indices with
 * `reduction: "none"`, else a scalar.
 *
 * The mean over indices divides by the sum of the weights of the samples that count (NaN with gradient 0 if all are
 * ignored); over probabilities by the number of samples. Equals `torch.nn.functional.cross_entropy`, and also gives a
 * gradient towards `weight` with indices, which PyTorch refuses. int32 indices are taken too.
 *
 * @throws InputError on an index outside [0, C) that is not ignoreIndex; OptionError if ignoreIndex ≥ 0 meets probabilities.
 * @example
 * ```ts
 * const loss = await backend.compile(crossEntropy({ labelSmoothing: 0.1 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [[2, 0.5, -1], [0, 1, 0]], target: [0, 2] });
 * ```
 */
export const crossEntropy: Loss<CrossEntropyOptions, "input" | "target", "weight"> = defineLoss({
  name: "crossEntropy",
  family: "classification",
  summary: "Cross-entropy of logits against class indices or class probabilities.",
  formula: "-w_y log softmax(input)_y, or -sum_c w_c target_c log softmax(input)_c",
  pytorch: "torch.nn.functional.cross_entropy",
  notes: [
    "input holds logits, not probabilities.",
    "With indices the mean divides by the sum of the weights of the targets; with probabilities by the number of samples.",
    "If every target is ignored the mean is NaN with gradient 0, as in PyTorch.",
    "Labels have 32 bits inside; an ignoreIndex that has more is found in int64 arrays and lists, and the labels that bear it are ignored.",
    "A sample whose target logit is -Infinity costs Infinity; one-hot probabilities over a logit of -Infinity give NaN.",
    'The survey writes a sum over the batch; that is reduction "sum".',
  ],
  references: ["Szegedy et al.: Rethinking the Inception Architecture, CVPR 2016 (label smoothing)"],
  aliases: ["CrossEntropyLoss", "cross_entropy", "softmaxCrossEntropy", "sparseCategoricalCrossentropy"],
  inputs: {
    input: float(["N?", "C", "...d"], "Logits."),
    target: either(
      labels(["N?", "...d"], "Class indices.", { below: "C", except: "ignoreIndex" }),
      float(["N?", "C", "...d"], "Class probabilities."),
    ),
  },
  optionalInputs: { weight: float(["C"], "Weight of each class.") },
  options: {
    ignoreIndex: integer(-100, "A target index that contributes nothing."),
    labelSmoothing: fraction(0, "Share of the target spread evenly over the classes."),
    reduction: reduction(),
  },
  value({ input, target, weight }, { ignoreIndex, labelSmoothing }) {
    const axis = input.rank === 1 ? 0 : 1;
    const logProbabilities = input.logSoftmax(axis);
    if (target.dtype === "int32") {
      return { terms: indexEntropy(logProbabilities, target, { axis, ignoreIndex, labelSmoothing, weight }) };
    }
    if (ignoreIndex >= 0) {
      throw new OptionError(
        `crossEntropy: option ignoreIndex must be negative with probabilities as target, got ${ignoreIndex}. Give class indices to ignore some.`,
      );
    }
    return probabilityEntropy(logProbabilities, target, { axis, labelSmoothing, weight });
  },
});
