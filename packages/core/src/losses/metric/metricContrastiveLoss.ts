import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { counted, pairsOf } from "../../math/pairs.js";
import { unitNote } from "../../math/norm.js";

export interface MetricContrastiveLossOptions {
  /** Distance within which a positive pair costs nothing. Default 0. */
  readonly posMargin: number;
  /** Distance beyond which a negative pair costs nothing. Default 1. */
  readonly negMargin: number;
  /** How far embeddings are apart, by name or made by `lpDistance`, `dotSimilarity`, `snrDistance`; default `"euclidean"`. */
  readonly distance: MetricDistance;
  /** Default `"avgNonZero"`. */
  readonly reduction: BatchReduction;
}

/**
 * Pairs of one class are drawn within a margin, all others pushed beyond another.
 *
 * `max(0, d_ip − posMargin)` over positive pairs, `max(0, negMargin − d_in)` over negative ones, each reduced, then added`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64. Returns (N, N) with `reduction: "none"`, 0 where there is no such pair, else a scalar; its parts
 * `positive` and `negative` can be read. Of similarities the differences are turned round. Equals
 * `pytorch_metric_learning.losses.ContrastiveLoss`. Without any positive, or any negative pair, that part is 0.
 *
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(metricContrastiveLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const metricContrastiveLoss: Loss<MetricContrastiveLossOptions, { embeddings: "float"; labels: "index" }> =
  defineLoss({
    name: "metricContrastiveLoss",
    family: "metric",
    summary: "Pairs of one class are drawn within a margin, all others pushed beyond another.",
    formula: "reduce(max(0, d_ip - posMargin)) + reduce(max(0, negMargin - d_in))",
    notes: [
      "contrastiveLoss is the loss of given pairs, squared and halved as in the paper; here pairs come from labels and nothing is squared.",
      "With a similarity as distance, set posMargin to 1 and negMargin to 0: 0 and 1 ask for nothing.",
      unitNote,
    ],
    references: ["Hadsell, Chopra, LeCun: Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006"],
    aliases: ["pairContrastiveLoss", "inBatchContrastiveLoss"],
    inputs: {
      embeddings: float(["N", "D"], "Embeddings."),
      labels: labels(["N"], "The class of each."),
    },
    options: {
      posMargin: finite(0, "Distance within which a positive pair costs nothing."),
      negMargin: finite(1, "Distance beyond which a negative pair costs nothing."),
      distance: metricDistance("euclidean"),
      reduction: batchReduction("avgNonZero"),
    },
    empty: "zero",
    value({ embeddings, labels }, { posMargin, negMargin, distance }) {
      const { matrix, beyond, within } = metricOf(distance, embeddings);
      const { positives, negatives } = pairsOf(labels);
      return {
        parts: {
          positive: counted(positives, beyond(matrix, posMargin).relu()),
          negative: counted(negatives, within(matrix, negMargin).relu()),
        },
      };
    },
  });
