import { defineLoss, type Loss } from "../../loss/define.js";
import { float, parameter } from "../../loss/inputs.js";
import { nonNegative, reduction, type ReductionOption } from "../../loss/options.js";
import { pairLogits, symmetricEntropy } from "../../math/pairLogits.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface ClipDistillationLossOptions extends ReductionOption {
  /** What the student's own loss counts. Default 1. */
  readonly contrastiveWeight: number;
  /** What agreement with the teacher counts. Default 1. */
  readonly distillWeight: number;
}

/**
 * CLIP's loss, and cross-entropy against what a teacher makes of the same batch.
 *
 * Inputs: `image`, `text` of shape (N, D), `logitScale`, a scalar, as in clipLoss; `teacherImage`, `teacherText` of
 * shape (N, E), `teacherLogitScale`, a scalar, which get no gradient. Returns (N) with `reduction: "none"`, else a
 * scalar; its parts `contrastive` and `distillation`, without their weights, can be read. Equals the weighted sum of
 * what `open_clip.DistillClipLoss` returns.
 *
 * @formula `contrastiveWeight * clip(Z) + distillWeight * 1/2 sum_directions -sum_j softmax(Z_teacher)_ij log
 * softmax(Z)_ij`
 * @input image - Normalised image embeddings of the student.
 * @input text - Normalised text embeddings of the student, row i belonging to image i.
 * @input logitScale - Factor of the student's similarities.
 * @input teacherImage - Normalised image embeddings of the teacher.
 * @input teacherText - Normalised text embeddings of the teacher.
 * @input teacherLogitScale - Factor of the teacher's similarities.
 * @note The agreement is a cross-entropy, not a divergence: the teacher's entropy stays in it. The gradient is the
 * same.
 * @note open_clip gives the two parts; this is their weighted sum, and parts reads each.
 * @see Wu et al.: TinyCLIP: CLIP Distillation via Affinity Mimicking and Weight Inheritance, ICCV 2023
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
  aliases: ["DistillClipLoss", "clipDistillation", "affinityMimicking"],
  inputs: {
    image: float(["N", "D"]),
    text: float(["N", "D"]),
    logitScale: parameter([]),
    teacherImage: float(["N", "E"], { differentiable: false }),
    teacherText: float(["N", "E"], { differentiable: false }),
    teacherLogitScale: float([], { differentiable: false }),
  },
  options: { contrastiveWeight: nonNegative(1), distillWeight: nonNegative(1), reduction: reduction() },
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
