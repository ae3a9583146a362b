import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { flag, orNone, positive, reduction, type ReductionOption } from "../../loss/options.js";

export interface KnowledgeDistillationLossOptions extends ReductionOption {
  /** What the student's logits are divided by. Default 1. */
  readonly temperature: number;
  /** What the teacher's logits are divided by. Default `"none"`: the same. */
  readonly teacherTemperature: number | "none";
  /** Multiply by the square of the student's temperature. Default true. */
  readonly scaleByTemperature: boolean;
}

/**
 * How far a student's distribution over the classes is from its teacher's, both softened by a temperature.
 *
 * Inputs: `student` and `teacher`, logits (…, C); no gradient flows to the teacher. Returns the leading axes with
 * `reduction: "none"`, else a scalar. Classes that the teacher gives no probability contribute 0. Equals
 * sentence-transformers' DistillKLDivLoss, and `T² · kl_div(log_softmax(student / T), softmax(teacher / T),
 * reduction="batchmean")` of PyTorch.
 *
 * @formula `T^2 KL(softmax(teacher / T_t) || softmax(student / T))`
 * @input student - Logits of the student.
 * @input teacher - Logits of the teacher.
 * @note The mean is over rows, PyTorch's batchmean.
 * @note keras has a temperature of 3 and clips probabilities at 1e-7; here nothing is clipped.
 * @see Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, 2015
 * @throws OptionError if a temperature is not > 0; ShapeError on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(knowledgeDistillationLoss({ temperature: 2 }));
 * const { value, grads } = await loss.valueAndGrad({ student: [[1, 0, 2]], teacher: [[2, 0, 1]] });
 * ```
 */
export const knowledgeDistillationLoss: Loss<
  KnowledgeDistillationLossOptions,
  { student: "float"; teacher: "fixed" } & Sampled
> = defineLoss({
  name: "knowledgeDistillationLoss",
  family: "distillation",
  aliases: ["DistillKLDivLoss", "LogitsDistillation", "distillKlDiv", "klDistillation"],
  inputs: { student: float(["...n", "C"]), teacher: float(["...n", "C"], { differentiable: false }) },
  optionalInputs: sampleInputs(["...n"]),
  options: {
    temperature: positive(1),
    teacherTemperature: orNone(positive(1)),
    scaleByTemperature: flag(true),
    reduction: reduction(),
  },
  value({ student, teacher }, { temperature, teacherTemperature, scaleByTemperature }) {
    const logQ = student.div(temperature).logSoftmax(-1);
    const logP = teacher.div(teacherTemperature === "none" ? temperature : teacherTemperature).logSoftmax(-1);
    const p = logP.exp();
    const divergence = p
      .equal(0)
      .where(0, p.mul(logP.sub(logQ)))
      .sum(-1);
    return scaleByTemperature ? divergence.mul(temperature ** 2) : divergence;
  },
});
