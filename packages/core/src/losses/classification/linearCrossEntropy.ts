import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float, labels, parameter, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { fraction, integer, reduction, type ReductionOption } from "../../loss/options.js";
import { targetEntropy } from "../../math/entropy.js";
import { multiplyDims } from "../../tensor/dimArithmetic.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface LinearCrossEntropyOptions extends ReductionOption {
  /** A target index that contributes nothing. Default -100. */
  readonly ignoreIndex: number;
  /** Share of the target spread evenly over the classes. Default 0. */
  readonly labelSmoothing: number;
}

/**
 * Cross-entropy of a linear layer's logits.
 *
 * Inputs: `input`, features (F) or (N, F); `linearWeight` (C, F) or (C, d₁…, F); `target`, int32 or int64 class indices
 * (), (N) or (N, d₁…), or probabilities (C), (N, C) or (N, C, d₁…); optional `linearBias` (C) or (C, d₁…) and `weight`
 * (C). Returns the shape of the indices with `reduction: "none"`, else a scalar. All else is as in `crossEntropy`. Its
 * ignore_index is None by default, which means −100 with indices and nothing with probabilities.
 *
 * @formula `crossEntropy(input @ linearWeight^T + linearBias, target)`
 * @pytorch `torch.nn.functional.linear_cross_entropy`
 * @input input - Features.
 * @input linearWeight - Weight of the layer, a row for each class.
 * @input target - Class indices. Or: Class probabilities.
 * @input linearBias - Bias of the layer.
 * @input weight - Weight of each class.
 * @note input holds features; the layer is part of the loss.
 * @note With indices the mean divides by the sum of the weights of the targets; with probabilities by the number of
 * samples.
 * @note PyTorch's option to compute in chunks changes no value, and is not here.
 * @throws InputError on an index outside [0, C) that is not ignoreIndex; OptionError if ignoreIndex ≥ 0 meets
 * probabilities.
 * @example
 * ```ts
 * const loss = await backend.compile(linearCrossEntropy());
 * const { value, grads } = await loss.valueAndGrad({ input: features, linearWeight, target: [0, 2] });
 * ```
 */
export const linearCrossEntropy: Loss<
  LinearCrossEntropyOptions,
  { input: "float"; linearWeight: "float"; target: "index" | "float"; linearBias?: "float"; weight?: "float" } & Sampled
> = defineLoss({
  name: "linearCrossEntropy",
  family: "classification",
  aliases: ["LinearCrossEntropyLoss", "linear_cross_entropy", "fusedLinearCrossEntropy"],
  inputs: {
    input: float(["N?", "F"]),
    linearWeight: parameter(["C", "...d", "F"]),
    target: either(labels(["N?", "...d"], { below: "C", except: "ignoreIndex" }), float(["N?", "C", "...d"])),
  },
  optionalInputs: { linearBias: parameter(["C", "...d"]), weight: float(["C"]), ...sampleInputs(["N?", "...d"]) },
  options: { ignoreIndex: integer(-100), labelSmoothing: fraction(0), reduction: reduction() },
  value({ input, linearWeight, target, linearBias, weight }, { ignoreIndex, labelSmoothing }) {
    const axis = input.rank - 1;
    const linear = logits(input, linearWeight);
    const logProbabilities = (linearBias === undefined ? linear : linear.add(linearBias)).logSoftmax(axis);
    return targetEntropy("linearCrossEntropy", logProbabilities, target, { axis, ignoreIndex, labelSmoothing, weight });
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
