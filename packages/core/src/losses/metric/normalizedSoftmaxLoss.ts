import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { positive, reduction, type Reduction } from "../../loss/options.js";
import { classCosines, classEntropy } from "../../math/classMargin.js";
import { unitNote } from "../../math/norm.js";

export interface NormalizedSoftmaxLossOptions {
  /** Cosines are divided by it; > 0. Default 0.05. */
  readonly temperature: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Softmax over cosines, sharpened by a temperature.
 *
 * `CE(cos θ_c / temperature)`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C), a column for each class, not normalised.
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.NormalizedSoftmaxLoss`.
 *
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(normalizedSoftmaxLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const normalizedSoftmaxLoss: Loss<
  NormalizedSoftmaxLossOptions,
  { embeddings: "float"; labels: "index"; weight: "float" }
> = defineLoss({
  name: "normalizedSoftmaxLoss",
  family: "metric",
  summary: "Softmax over cosines, sharpened by a temperature.",
  formula: "CE(cos(theta_c) / temperature)",
  notes: [unitNote],
  references: ["Zhai, Wu: Classification is a Strong Baseline for Deep Metric Learning, BMVC 2019"],
  aliases: ["NormalizedSoftmaxLoss", "NormSoftmax"],
  inputs: {
    embeddings: float(["N", "D"], "Embeddings."),
    labels: labels(["N"], "The class of each.", { below: "C" }),
    weight: parameter(["D", "C"], "A column for each class."),
  },
  options: {
    temperature: positive(0.05, "Cosines are divided by it."),
    reduction: reduction(),
  },
  value({ embeddings, labels, weight }, { temperature }) {
    return classEntropy(classCosines(embeddings, weight).mul(1 / temperature), labels);
  },
});
