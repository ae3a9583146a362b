import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { count, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { classCosines, changeTarget, classEntropy, multipleAngle } from "../../math/classMargin.js";
import { vectorNorm } from "../../math/norm.js";

export interface LargeMarginSoftmaxLossOptions extends ReductionOption {
  /** What the angle to the own class is multiplied by. Default 4. */
  readonly margin: number;
  /** Factor of the logits. Default 1. */
  readonly scale: number;
}

/**
 * Softmax over inner products, the angle to the own class multiplied.
 *
 * `CE(scale · ‖w_c‖ ‖x‖ cos θ_c)`, with `ψ(θ_y) = (−1)^k cos(margin · θ_y) − 2k`, `k = ⌊margin · θ_y / π⌋` in place of `cos
 * θ_y`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C), a column for each class, not normalised.
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.LargeMarginSoftmaxLoss`. ψ is
 * continuous; its gradient jumps where k does.
 *
 * @formula `CE(scale * |w_c| |x| cos(theta_c)), with (-1)^k cos(margin * theta_y) - 2k for the target, k = floor(margin *
 * theta_y / pi)`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input weight - A column for each class.
 * @note The lengths of embeddings and of class weights count; sphereFaceLoss leaves out those of weights.
 * @note cos of the multiple angle is a polynomial in the cosine: no angle is computed.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Liu, Wen, Yu, Yang: Large-Margin Softmax Loss for Convolutional Neural Networks, ICML 2016
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(largeMarginSoftmaxLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const largeMarginSoftmaxLoss: Loss<
  LargeMarginSoftmaxLossOptions,
  { embeddings: "float"; labels: "index"; weight: "float" } & Sampled
> = defineLoss({
  name: "largeMarginSoftmaxLoss",
  family: "metric",
  aliases: ["LargeMarginSoftmaxLoss", "LSoftmax"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"], { below: "C" }), weight: parameter(["D", "C"]) },
  optionalInputs: sampleInputs(["N"]),
  options: { margin: count(4), scale: positive(1), reduction: reduction() },
  value({ embeddings, labels, weight }, { margin, scale }) {
    const scores = changeTarget(classCosines(embeddings, weight), labels, multipleAngle(margin));
    const lengths = vectorNorm(embeddings, 2, -1, true);
    const weights = vectorNorm(weight, 2, 0, true);
    return classEntropy(scores.mul(lengths.mul(scale)).mul(weights), labels);
  },
});
