import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { count, positive, reduction, type Reduction } from "../../loss/options.js";
import { classCosines, changeTarget, classEntropy, multipleAngle } from "../../math/classMargin.js";
import { unitNote, vectorNorm } from "../../math/norm.js";

export interface SphereFaceLossOptions {
  /** What the angle to the own class is multiplied by; an integer ≥ 1. Default 4. */
  readonly margin: number;
  /** Factor of the logits; > 0. Default 1. */
  readonly scale: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Softmax over cosines and lengths, the angle to the own class multiplied.
 *
 * `CE(scale · ‖x‖ cos θ_c)`, with `ψ(θ_y) = (−1)^k cos(margin · θ_y) − 2k`, `k = ⌊margin · θ_y / π⌋` in place of `cos θ_y`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C), a column for each class, not normalised.
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.SphereFaceLoss`. ψ is continuous;
 * its gradient jumps where k does.
 *
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(sphereFaceLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const sphereFaceLoss: Loss<SphereFaceLossOptions, { embeddings: "float"; labels: "index"; weight: "float" }> =
  defineLoss({
    name: "sphereFaceLoss",
    family: "metric",
    summary: "Softmax over cosines and lengths, the angle to the own class multiplied.",
    formula:
      "CE(scale * |x| cos(theta_c)), with (-1)^k cos(margin * theta_y) - 2k for the target, k = floor(margin * theta_y / pi)",
    notes: [
      "The lengths of embeddings count, those of class weights do not.",
      "cos of the multiple angle is a polynomial in the cosine: no angle is computed.",
      unitNote,
    ],
    references: ["Liu et al.: SphereFace: Deep Hypersphere Embedding for Face Recognition, CVPR 2017"],
    aliases: ["SphereFaceLoss", "SphereFace", "ASoftmax"],
    inputs: {
      embeddings: float(["N", "D"], "Embeddings."),
      labels: labels(["N"], "The class of each.", { below: "C" }),
      weight: parameter(["D", "C"], "A column for each class."),
    },
    options: {
      margin: count(4, "What the angle to the own class is multiplied by."),
      scale: positive(1, "Factor of the logits."),
      reduction: reduction(),
    },
    value({ embeddings, labels, weight }, { margin, scale }) {
      const scores = changeTarget(classCosines(embeddings, weight), labels, multipleAngle(margin));
      const lengths = vectorNorm(embeddings, 2, -1, true);
      return classEntropy(scores.mul(lengths.mul(scale)), labels);
    },
  });
