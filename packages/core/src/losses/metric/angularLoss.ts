import { defineLoss, type Loss } from "../../loss/define.js";
import { scan } from "../../graph/scan.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, flag, batchReduction, type BatchReduction } from "../../loss/options.js";
import { radians } from "../../math/angles.js";
import { unit, unitNote } from "../../math/norm.js";
import { anyOf, counted, maskedLogSumExp, pairsOf } from "../../math/pairs.js";

export interface AngularLossOptions {
  /** The largest angle that is wanted, in degrees. Default 40. */
  readonly alpha: number;
  /** Normalise negatives as well, as the paper does. Default false. */
  readonly normalizeNegatives: boolean;
  /** Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * The angle at each negative of the triangle it forms with a positive pair.
 *
 * `log(1 + Σ_n exp(4 t (x_i + x_p) · x_n − 2 (1 + t) x_i · x_p))`, `t = tan² α`, per positive pair`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64. Returns (N, N) with `reduction: "none"`, 0 where there is no such pair, else a scalar. Equals
 * `pytorch_metric_learning.losses.AngularLoss`; 0 without positive or without negative pairs. One anchor is computed at a time:
 * memory is (N, N).
 *
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(angularLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const angularLoss: Loss<AngularLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "angularLoss",
  family: "metric",
  summary: "The angle at each negative of the triangle it forms with a positive pair.",
  formula: "log(1 + sum_n exp(4 t (x_i + x_p) . x_n - 2 (1 + t) x_i . x_p)), t = tan(alpha)^2",
  notes: [
    "alpha is in degrees.",
    "Negatives are taken as they are by default, as in PyTorch Metric Learning: the loss depends on their lengths. The paper has normalizeNegatives.",
    "Time grows as N^3.",
    unitNote,
  ],
  references: ["Wang et al.: Deep Metric Learning with Angular Loss, ICCV 2017"],
  aliases: ["AngularLoss"],
  inputs: {
    embeddings: float(["N", "D"], "Embeddings."),
    labels: labels(["N"], "The class of each."),
  },
  options: {
    alpha: finite(40, "The largest angle that is wanted, in degrees."),
    normalizeNegatives: flag(false, "Normalise negatives as well, as the paper does."),
    reduction: batchReduction(),
  },
  empty: "zero",
  value({ embeddings, labels }, { alpha, normalizeNegatives }) {
    const { positives, negatives } = pairsOf(labels);
    const x = unit(embeddings);
    const t = Math.tan(radians(alpha)) ** 2;
    const others = normalizeNegatives ? x : embeddings;
    const toOthers = x.matmul(others.transpose()).mul(4 * t);
    const toPositives = x.matmul(x.transpose()).mul(2 * (1 + t));
    // One anchor at a time: all its pairs with all its negatives
    const { collected } = scan(
      { init: {}, sequences: { own: toOthers, pair: toPositives, mask: negatives } },
      (_, { own, pair, mask }) => {
        const sides = toOthers.add(own.unsqueeze(0)).sub(pair.unsqueeze(1));
        const values = maskedLogSumExp(sides, mask.unsqueeze(0).expand(sides.shape)).softplus();
        return { carry: {}, collect: { values } };
      },
    );
    return counted(positives.and(anyOf(negatives).unsqueeze(1)), collected.values);
  },
});
