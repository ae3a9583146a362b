import { OptionError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float, labels, parameter } from "../../loss/inputs.js";
import { fraction, integer, reduction, type Reduction } from "../../loss/options.js";
import { indexEntropy, probabilityEntropy } from "../../math/entropy.js";
import { multiplyDims } from "../../tensor/dimArithmetic.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface LinearCrossEntropyOptions {
  /** A target index that contributes nothing; any integer. Only with class indices. Default −100. */
  readonly ignoreIndex: number;
  /** Share of the target spread evenly over the classes, in [0, 1]. Default 0. */
  readonly labelSmoothing: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Cross-entropy of a linear layer's logits.
 *
 * `crossEntropy(input · linearWeightᵀ + linearBias, target)`
 *
 * Inputs: `input`, features (F) or (N, F); `linearWeight` (C, F) or (C, d₁…, F); `target`, int32 or int64 class indices (), (N) or
 * (N, d₁…), or probabilities (C), (N, C) or (N, C, d₁…); optional `linearBias` (C) or (C, d₁…) and `weight` (C). Returns the shape of
 * the indices with `reduction: "none"`, else a scalar. All else is as in `crossEntropy`. Equals
 * `torch.nn.functional.linear_cross_entropy`; its ignore_index is None by default, which means −100 with indices and nothing
 * with probabilities.
 *
 * @throws InputError on an index outside [0, C) that is not ignoreIndex; OptionError if ignoreIndex ≥ 0 meets probabilities.
 * @example
 * ```ts
 * const loss = await backend.compile(linearCrossEntropy());
 * const { value, grads } = await loss.valueAndGrad({ input: features, linearWeight, target: [0, 2] });
 * ```
 */
export const linearCrossEntropy: Loss<
  LinearCrossEntropyOptions,
  { input: "float"; linearWeight: "float"; target: "index" | "float"; linearBias?: "float"; weight?: "float" }
> = defineLoss({
  name: "linearCrossEntropy",
  family: "classification",
  summary: "Cross-entropy of a linear layer's logits.",
  formula: "crossEntropy(input @ linearWeight^T + linearBias, target)",
  pytorch: "torch.nn.functional.linear_cross_entropy",
  notes: [
    "input holds features; the layer is part of the loss.",
    "With indices the mean divides by the sum of the weights of the targets; with probabilities by the number of samples.",
    "PyTorch's option to compute in chunks changes no value, and is not here.",
  ],
  aliases: ["LinearCrossEntropyLoss", "linear_cross_entropy", "fusedLinearCrossEntropy"],
  inputs: {
    input: float(["N?", "F"], "Features."),
    linearWeight: parameter(["C", "...d", "F"], "Weight of the layer, a row for each class."),
    target: either(
      labels(["N?", "...d"], "Class indices.", { below: "C", except: "ignoreIndex" }),
      float(["N?", "C", "...d"], "Class probabilities."),
    ),
  },
  optionalInputs: {
    linearBias: parameter(["C", "...d"], "Bias of the layer."),
    weight: float(["C"], "Weight of each class."),
  },
  options: {
    ignoreIndex: integer(-100, "A target index that contributes nothing."),
    labelSmoothing: fraction(0, "Share of the target spread evenly over the classes."),
    reduction: reduction(),
  },
  value({ input, linearWeight, target, linearBias, weight }, { ignoreIndex, labelSmoothing }) {
    const axis = input.rank - 1;
    const linear = logits(input, linearWeight);
    const logProbabilities = (linearBias === undefined ? linear : linear.add(linearBias)).logSoftmax(axis);
    if (target.dtype === "int32") {
      return { terms: indexEntropy(logProbabilities, target, { axis, ignoreIndex, labelSmoothing, weight }) };
    }
    if (ignoreIndex >= 0) {
      throw new OptionError(
        `linearCrossEntropy: option ignoreIndex must be negative with probabilities as target, got ${ignoreIndex}. Give class indices to ignore some.`,
      );
    }
    return probabilityEntropy(logProbabilities, target, { axis, labelSmoothing, weight });
  },
});

/** `x · wᵀ` over the last axes: (N?, F) and (C, d₁…, F) give (N?, C, d₁…). */
function logits(x: Tensor, w: Tensor): Tensor {
  const rows = x.rank === 1 ? x.unsqueeze(0) : x;
  const outputs = w.shape.slice(0, -1);
  const features = w.shape.at(-1) ?? 1;
  const flat = rows.matmul(w.reshape([multiplyDims(...outputs), features]).transpose());
  return flat.reshape([...x.shape.slice(0, -1), ...outputs]);
}
