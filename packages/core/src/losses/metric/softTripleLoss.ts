import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { count, finite, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { changeTarget, classEntropy, centerCosines } from "../../math/classMargin.js";

export interface SoftTripleLossOptions extends ReductionOption {
  /** Centres of each class. Default 10. */
  readonly centersPerClass: number;
  /** Factor of the similarities. Default 20. */
  readonly lambda: number;
  /** Temperature among the centres of a class. Default 0.1. */
  readonly gamma: number;
  /** How much the similarity of the own class is lowered. Default 0.01. */
  readonly margin: number;
}

/**
 * Softmax over classes of several centres each, near centres counting the more.
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C · centersPerClass), not normalised: class c
 * has the columns from `c · centersPerClass` on. Returns (N) with `reduction: "none"`, else a scalar. Equals
 * `pytorch_metric_learning.losses.SoftTripleLoss`; the authors' regulariser of the centres is not part of it.
 *
 * @formula `CE(lambda * (S_c - margin [c = y])), S_c = sum_k softmax_k(s_ck / gamma) s_ck`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input weight - A column for each centre, those of a class side by side.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Qian et al.: SoftTriple Loss: Deep Metric Learning Without Triplet Sampling, ICCV 2019
 * @throws InputError on a label outside [0, C); ShapeError if the columns are no multiple of centersPerClass.
 * @example
 * ```ts
 * const loss = await backend.compile(softTripleLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const softTripleLoss: Loss<
  SoftTripleLossOptions,
  { embeddings: "float"; labels: "index"; weight: "float" } & Sampled
> = defineLoss({
  name: "softTripleLoss",
  family: "metric",
  aliases: ["SoftTripleLoss", "SoftTriple"],
  inputs: {
    embeddings: float(["N", "D"]),
    labels: labels(["N"], { below: "C" }),
    weight: parameter(["D", "C*centersPerClass"]),
  },
  optionalInputs: sampleInputs(["N"]),
  options: {
    centersPerClass: count(10),
    lambda: positive(20),
    gamma: positive(0.1),
    margin: finite(0.01),
    reduction: reduction(),
  },
  value({ embeddings, labels, weight }, { centersPerClass, lambda, gamma, margin }) {
    const cosines = centerCosines(embeddings, weight, centersPerClass);
    const perClass = cosines
      .mul(1 / gamma)
      .softmax(2)
      .mul(cosines)
      .sum(2);
    const scores = changeTarget(perClass, labels, (target) => target.sub(margin));
    return classEntropy(scores.mul(lambda), labels);
  },
});
