import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { finite, positive, reduction, type Reduction } from "../../loss/options.js";
import { angularMargin, changeTarget, classCosines, classEntropy } from "../../math/classMargin.js";
import { unitNote } from "../../math/norm.js";

export interface ArcFaceLossOptions {
  /** How much the angle to the own class is widened, in degrees. Default 28.6. */
  readonly margin: number;
  /** Factor of the cosines; > 0. Default 64. */
  readonly scale: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Softmax over cosines, the angle to the own class widened by a margin.
 *
 * `CE(scale · cos θ_c)`, with `cos(θ_y + margin)` in place of `cos θ_y`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C), a column for each class, not normalised.
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.ArcFaceLoss`: where θ + margin exceeds 180° the target is
 * `cos θ − margin · sin margin`.
 *
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(arcFaceLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const arcFaceLoss: Loss<ArcFaceLossOptions, { embeddings: "float"; labels: "index"; weight: "float" }> =
  defineLoss({
    name: "arcFaceLoss",
    family: "metric",
    summary: "Softmax over cosines, the angle to the own class widened by a margin.",
    formula: "CE(scale * cos(theta_c)), with cos(theta_y + margin) for the target",
    notes: [
      "The margin is in degrees.",
      "A cosine of exactly 1 or -1 gives the sine no gradient; PyTorch Metric Learning gives infinity or NaN there.",
      unitNote,
    ],
    references: [
      "Deng, Guo, Xue, Zafeiriou: ArcFace: Additive Angular Margin Loss for Deep Face Recognition, CVPR 2019",
    ],
    aliases: ["ArcFaceLoss", "ArcFace", "additiveAngularMarginLoss"],
    inputs: {
      embeddings: float(["N", "D"], "Embeddings."),
      labels: labels(["N"], "The class of each.", { below: "C" }),
      weight: parameter(["D", "C"], "A column for each class."),
    },
    options: {
      margin: finite(28.6, "How much the angle to the own class is widened, in degrees."),
      scale: positive(64, "Factor of the cosines."),
      reduction: reduction(),
    },
    value({ embeddings, labels, weight }, { margin, scale }) {
      const scores = changeTarget(classCosines(embeddings, weight), labels, angularMargin(margin));
      return classEntropy(scores.mul(scale), labels);
    },
  });
