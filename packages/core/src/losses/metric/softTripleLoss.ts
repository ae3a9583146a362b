import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { count, finite, positive, reduction, type Reduction } from "../../loss/options.js";
import { changeTarget, classEntropy, centerCosines } from "../../math/classMargin.js";
import { unitNote } from "../../math/norm.js";

export interface SoftTripleLossOptions {
  /** Centres of each class; an integer ≥ 1. Default 10. */
  readonly centersPerClass: number;
  /** Factor of the similarities; > 0. Default 20. */
  readonly lambda: number;
  /** Temperature among the centres of a class; > 0. Default 0.1. */
  readonly gamma: number;
  /** How much the similarity of the own class is lowered. Default 0.01. */
  readonly margin: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Softmax over classes of several centres each, near centres counting the more.
 *
 * `CE(λ (S_c − margin · [c = y]))`, `S_c = Σ_k softmax_k(s_ck / γ) s_ck`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C · centersPerClass), not normalised: class c has the columns
 * from `c · centersPerClass` on. Returns (N) with `reduction: "none"`, else a scalar. Equals
 * `pytorch_metric_learning.losses.SoftTripleLoss`; the authors' regulariser of the centres is not part of it.
 *
 * @throws InputError on a label outside [0, C); ShapeError if the columns are no multiple of centersPerClass.
 * @example
 * ```ts
 * const loss = await backend.compile(softTripleLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const softTripleLoss: Loss<SoftTripleLossOptions, { embeddings: "float"; labels: "index"; weight: "float" }> =
  defineLoss({
    name: "softTripleLoss",
    family: "metric",
    summary: "Softmax over classes of several centres each, near centres counting the more.",
    formula: "CE(lambda * (S_c - margin [c = y])), S_c = sum_k softmax_k(s_ck / gamma) s_ck",
    notes: [unitNote],
    references: ["Qian et al.: SoftTriple Loss: Deep Metric Learning Without Triplet Sampling, ICCV 2019"],
    aliases: ["SoftTripleLoss", "SoftTriple"],
    inputs: {
      embeddings: float(["N", "D"], "Embeddings."),
      labels: labels(["N"], "The class of each.", { below: "C" }),
      weight: parameter(["D", "C*centersPerClass"], "A column for each centre, those of a class side by side."),
    },
    options: {
      centersPerClass: count(10, "Centres of each class."),
      lambda: positive(20, "Factor of the similarities."),
      gamma: positive(0.1, "Temperature among the centres of a class."),
      margin: finite(0.01, "How much the similarity of the own class is lowered."),
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
