import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";

export interface MetricContrastiveLossOptions extends BatchOptions {
  /** Distance within which a positive pair costs nothing. Default 0. */
  readonly posMargin: number;
  /** Distance beyond which a negative pair costs nothing. Default 1. */
  readonly negMargin: number;
  /** How far embeddings are apart, or how alike they are. Default `"euclidean"`. */
  readonly distance: MetricDistance;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"avgNonZero"`. */
  readonly reduction: BatchReduction;
}

/**
 * Pairs of one class are drawn within a margin, all others pushed beyond another.
 *
 * `max(0, d_ip − posMargin)` over positive pairs, `max(0, negMargin − d_in)` over negative ones, each reduced, then
 * added`
 *
 * Returns (N, N) with `reduction: "none"`, 0 where there is no such pair, else a scalar; its parts `positive` and
 * `negative` can be read. Of similarities the differences are turned round. Equals
 * `pytorch_metric_learning.losses.ContrastiveLoss`. Without any positive, or any negative pair, that part is 0.
 *
 * @formula `reduce(max(0, d_ip - posMargin)) + reduce(max(0, negMargin - d_in))`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note contrastiveLoss is the loss of given pairs, squared and halved as in the paper; here pairs come from labels and
 * nothing is squared.
 * @note With a similarity as distance, set posMargin to 1 and negMargin to 0: 0 and 1 ask for nothing.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Hadsell, Chopra, LeCun: Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006
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
    aliases: ["pairContrastiveLoss", "inBatchContrastiveLoss"],
    inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
    options: {
      posMargin: finite(0),
      negMargin: finite(1),
      distance: metricDistance("euclidean"),
      ...batchOptions(),
      reduction: batchReduction("avgNonZero"),
    },
    empty: "zero",
    value({ embeddings, labels }, { posMargin, negMargin, distance, ...batch }) {
      const { matrix, beyond, within } = metricOf(distance, embeddings);
      return overPairs(embeddings, labels, batch, ({ positives, negatives }) => ({
        parts: {
          positive: { costs: beyond(matrix, posMargin).relu(), over: positives },
          negative: { costs: within(matrix, negMargin).relu(), over: negatives },
        },
      }));
    },
  });
