import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { finite, positive, reduction, type Reduction } from "../../loss/options.js";
import { classCosines, changeTarget, classEntropy } from "../../math/classMargin.js";
import { unitNote } from "../../math/norm.js";

export interface CosFaceLossOptions {
  /** How much the cosine of the own class is lowered. Default 0.35. */
  readonly margin: number;
  /** Factor of the cosines; > 0. Default 64. */
  readonly scale: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Softmax over cosines, that of the own class lowered by a margin.
 *
 * `CE(scale · cos θ_c)`, with `cos θ_y − margin` in place of `cos θ_y`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C), a column for each class, not normalised.
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.CosFaceLoss`.
 *
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(cosFaceLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const cosFaceLoss: Loss<CosFaceLossOptions, { embeddings: "float"; labels: "index"; weight: "float" }> =
  defineLoss({
    name: "cosFaceLoss",
    family: "metric",
    summary: "Softmax over cosines, that of the own class lowered by a margin.",
    formula: "CE(scale * cos(theta_c)), with cos(theta_y) - margin for the target",
    notes: [unitNote],
    references: ["Wang et al.: CosFace: Large Margin Cosine Loss for Deep Face Recognition, CVPR 2018"],
    aliases: ["CosFaceLoss", "CosFace", "largeMarginCosineLoss", "AMSoftmax"],
    inputs: {
      embeddings: float(["N", "D"], "Embeddings."),
      labels: labels(["N"], "The class of each.", { below: "C" }),
      weight: parameter(["D", "C"], "A column for each class."),
    },
    options: {
      margin: finite(0.35, "How much the cosine of the own class is lowered."),
      scale: positive(64, "Factor of the cosines."),
      reduction: reduction(),
    },
    value({ embeddings, labels, weight }, { margin, scale }) {
      const scores = changeTarget(classCosines(embeddings, weight), labels, (target) => target.sub(margin));
      return classEntropy(scores.mul(scale), labels);
    },
  });
