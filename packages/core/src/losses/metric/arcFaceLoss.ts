import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { finite, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { angularMargin, changeTarget, classCosines, classEntropy } from "../../math/classMargin.js";

export interface ArcFaceLossOptions extends ReductionOption {
  /** How much the angle to the own class is widened, in degrees. Default 28.6. */
  readonly margin: number;
  /** Factor of the cosines. Default 64. */
  readonly scale: number;
}

/**
 * Softmax over cosines, the angle to the own class widened by a margin.
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C), a column for each class, not normalised.
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.ArcFaceLoss`: where θ +
 * margin exceeds 180° the target is `cos θ − margin · sin margin`.
 *
 * @formula `CE(scale * cos(theta_c)), with cos(theta_y + margin) for the target`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input weight - A column for each class.
 * @note The margin is in degrees.
 * @note A cosine of exactly 1 or -1 gives the sine no gradient; PyTorch Metric Learning gives infinity or NaN there.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Deng, Guo, Xue, Zafeiriou: ArcFace: Additive Angular Margin Loss for Deep Face Recognition, CVPR 2019
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(arcFaceLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const arcFaceLoss: Loss<
  ArcFaceLossOptions,
  { embeddings: "float"; labels: "index"; weight: "float" } & Sampled
> = defineLoss({
  name: "arcFaceLoss",
  family: "metric",
  aliases: ["ArcFaceLoss", "ArcFace", "additiveAngularMarginLoss"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"], { below: "C" }), weight: parameter(["D", "C"]) },
  optionalInputs: sampleInputs(["N"]),
  options: { margin: finite(28.6), scale: positive(64), reduction: reduction() },
  value({ embeddings, labels, weight }, { margin, scale }) {
    const scores = changeTarget(classCosines(embeddings, weight), labels, angularMargin(margin));
    return classEntropy(scores.mul(scale), labels);
  },
});
