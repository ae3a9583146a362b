import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { finite, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { classCosines, changeTarget, classEntropy } from "../../math/classMargin.js";

export interface CosFaceLossOptions extends ReductionOption {
  /** How much the cosine of the own class is lowered. Default 0.35. */
  readonly margin: number;
  /** Factor of the cosines. Default 64. */
  readonly scale: number;
}

/**
 * Softmax over cosines, that of the own class lowered by a margin.
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C), a column for each class, not normalised.
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.CosFaceLoss`.
 *
 * @formula `CE(scale * cos(theta_c)), with cos(theta_y) - margin for the target`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input weight - A column for each class.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Wang et al.: CosFace: Large Margin Cosine Loss for Deep Face Recognition, CVPR 2018
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(cosFaceLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const cosFaceLoss: Loss<
  CosFaceLossOptions,
  { embeddings: "float"; labels: "index"; weight: "float" } & Sampled
> = defineLoss({
  name: "cosFaceLoss",
  family: "metric",
  aliases: ["CosFaceLoss", "CosFace", "largeMarginCosineLoss", "AMSoftmax"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"], { below: "C" }), weight: parameter(["D", "C"]) },
  optionalInputs: sampleInputs(["N"]),
  options: { margin: finite(0.35), scale: positive(64), reduction: reduction() },
  value({ embeddings, labels, weight }, { margin, scale }) {
    const scores = changeTarget(classCosines(embeddings, weight), labels, (target) => target.sub(margin));
    return classEntropy(scores.mul(scale), labels);
  },
});
