import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { positive, reduction, type ReductionOption } from "../../loss/options.js";
import { classCosines, classEntropy } from "../../math/classMargin.js";

export interface NormalizedSoftmaxLossOptions extends ReductionOption {
  /** Cosines are divided by it. Default 0.05. */
  readonly temperature: number;
}

/**
 * Softmax over cosines, sharpened by a temperature.
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C), a column for each class, not normalised.
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.NormalizedSoftmaxLoss`.
 *
 * @formula `CE(cos(theta_c) / temperature)`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input weight - A column for each class.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Zhai, Wu: Classification is a Strong Baseline for Deep Metric Learning, BMVC 2019
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(normalizedSoftmaxLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const normalizedSoftmaxLoss: Loss<
  NormalizedSoftmaxLossOptions,
  { embeddings: "float"; labels: "index"; weight: "float" } & Sampled
> = defineLoss({
  name: "normalizedSoftmaxLoss",
  family: "metric",
  aliases: ["NormalizedSoftmaxLoss", "NormSoftmax"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"], { below: "C" }), weight: parameter(["D", "C"]) },
  optionalInputs: sampleInputs(["N"]),
  options: { temperature: positive(0.05), reduction: reduction() },
  value({ embeddings, labels, weight }, { temperature }) {
    return classEntropy(classCosines(embeddings, weight).mul(1 / temperature), labels);
  },
});
