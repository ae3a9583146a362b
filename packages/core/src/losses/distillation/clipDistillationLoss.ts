import { defineLoss, type Loss } from "../../loss/define.js";
import { float, parameter } from "../../loss/inputs.js";
import { nonNegative, reduction, type Reduction } from "../../loss/options.js";
import { pairLogits, symmetricEntropy } from "../../math/pairLogits.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface ClipDistillationLossOptions {
  /** What the student's own CLIP loss counts; ≥ 0. Default 1. */
  readonly contrastiveWeight: number;
  /** What agreement with the teacher counts; ≥ 0. Default 1. */
  readonly distillWeight: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * CLIP's loss, and cross-entropy against what a teacher makes of the same batch.
 *
 * `contrastiveWeight · clip(Z) + distillWeight · ½ Σ_directions −Σ_j softmax(teacher Z)_ij log softmax(Z)_ij`
 *
 * Inputs: `image`, `text` of shape (N, D), `logitScale`, a scalar, as in clipLoss; `teacherImage`, `teacherText` of shape (N, E),
 * `teacherLogitScale`, a scalar, which get no gradient. Returns (N) with `reduction: "none"`, else a scalar; its parts `contrastive`
 * and `distillation`, without their weights, can be read. Equals the weighted sum of what `open_clip.DistillClipLoss` returns.
 *
 * @throws OptionError if a weight is < 0; ShapeError on sizes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(clipDistillationLoss());
 * const { value } = await loss.valueAndGrad({ image, text, logitScale: 14, teacherImage, teacherText, teacherLogitScale: 100 });
 * ```
 */
export const clipDistillationLoss: Loss<
  ClipDistillationLossOptions,
  {
    image: "float";
    text: "float";
    logitScale: "float";
    teacherImage: "fixed";
    teacherText: "fixed";
    teacherLogitScale: "fixed";
  }
> = defineLoss({
  name: "clipDistillationLoss",
  family: "distillation",
  summary: "CLIP's loss, and cross-entropy against what a teacher makes of the same batch.",
  formula:
    "contrastiveWeight * clip(Z) + distillWeight * 1/2 sum_directions -sum_j softmax(Z_teacher)_ij log softmax(Z)_ij",
  notes: [
    "The agreement is a cross-entropy, not a divergence: the teacher's entropy stays in it. The gradient is the same.",
    "open_clip gives the two parts; this is their weighted sum, and parts reads each.",
  ],
  references: ["Wu et al.: TinyCLIP: CLIP Distillation via Affinity Mimicking and Weight Inheritance, ICCV 2023"],
  aliases: ["DistillClipLoss", "clipDistillation", "affinityMimicking"],
  inputs: {
    image: float(["N", "D"], "Normalised image embeddings of the student."),
    text: float(["N", "D"], "Normalised text embeddings of the student, row i belonging to image i."),
    logitScale: parameter([], "Factor of the student's similarities."),
    teacherImage: float(["N", "E"], "Normalised image embeddings of the teacher.", { differentiable: false }),
    teacherText: float(["N", "E"], "Normalised text embeddings of the teacher.", { differentiable: false }),
    teacherLogitScale: float([], "Factor of the teacher's similarities.", { differentiable: false }),
  },
  options: {
    contrastiveWeight: nonNegative(1, "What the student's own loss counts."),
    distillWeight: nonNegative(1, "What agreement with the teacher counts."),
    reduction: reduction(),
  },
  value(inputs, { contrastiveWeight, distillWeight }) {
    const student = pairLogits(inputs.image, inputs.text, inputs.logitScale);
    const teacher = pairLogits(inputs.teacherImage, inputs.teacherText, inputs.teacherLogitScale);
    const agreement = (axis: number): Tensor => teacher.softmax(axis).mul(student.logSoftmax(axis)).sum(axis);
    return {
      parts: {
        contrastive: { part: symmetricEntropy(student), weight: contrastiveWeight },
        distillation: { part: agreement(1).add(agreement(0)).mul(-0.5), weight: distillWeight },
      },
    };
  },
});
