import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, positive, reduction, type Reduction } from "../../loss/options.js";
import { anyOf, counted, maskedLogSumExp, pairsOf } from "../../math/pairs.js";
import { unitNote } from "../../math/norm.js";
import { cosines } from "../../math/pairLogits.js";
import { sine, radians } from "../../math/angles.js";

export interface TupletMarginLossOptions {
  /** How much each angle to a positive is widened, in degrees. Default 5.73. */
  readonly margin: number;
  /** Factor of the cosines; > 0. Default 64. */
  readonly scale: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Each positive pair against all negatives of its anchor, its angle widened by a margin.
 *
 * `log(1 + Σ_n exp(scale (cos θ_in − cos(θ_ip − margin))))` per positive pair`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64. Returns (N, N) with `reduction: "none"`, 0 where there is no such pair, else a scalar. Equals
 * `pytorch_metric_learning.losses.TupletMarginLoss`, and stays finite where a cosine rounds to 1 or beyond.
 *
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(tupletMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const tupletMarginLoss: Loss<TupletMarginLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "tupletMarginLoss",
  family: "metric",
  summary: "Each positive pair against all negatives of its anchor, its angle widened by a margin.",
  formula: "log(1 + sum_n exp(scale (cos(theta_in) - cos(theta_ip - margin))))",
  notes: [
    "The margin is in degrees.",
    "A cosine of exactly 1 gives the sine no gradient; PyTorch Metric Learning gives NaN there.",
    unitNote,
  ],
  references: ["Yu, Tao: Deep Metric Learning with Tuplet Margin Loss, ICCV 2019"],
  aliases: ["TupletMarginLoss"],
  inputs: {
    embeddings: float(["N", "D"], "Embeddings."),
    labels: labels(["N"], "The class of each."),
  },
  options: {
    margin: finite(5.73, "How much each angle to a positive is widened, in degrees."),
    scale: positive(64, "Factor of the cosines."),
    reduction: reduction(),
  },
  empty: "zero",
  value({ embeddings, labels }, { margin, scale }) {
    const cos = cosines(embeddings, embeddings);
    const { positives, negatives } = pairsOf(labels);
    const m = radians(margin);
    const own = positives.where(cos.clampMin(-1).clampMax(1), 0);
    // cos(θ − m) = cos θ cos m + sin θ sin m
    const widened = own.mul(Math.cos(m)).add(sine(own).mul(Math.sin(m)));
    const others = maskedLogSumExp(cos.mul(scale), negatives, true);
    return counted(positives.and(anyOf(negatives).unsqueeze(1)), others.sub(widened.mul(scale)).softplus());
  },
});
