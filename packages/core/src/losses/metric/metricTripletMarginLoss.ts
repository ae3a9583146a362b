import { defineLoss, type Loss } from "../../loss/define.js";
import { tripletCosts } from "../../math/batchTriplets.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, flag, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";

export interface MetricTripletMarginLossOptions extends BatchOptions {
  /** How much farther negatives are to be. Default 0.05. */
  readonly margin: number;
  /** Use the distance from the positive to the negative where it is the smaller. Default false. */
  readonly swap: boolean;
  /** The softplus in place of the hinge. Default false. */
  readonly smoothLoss: boolean;
  /** How far embeddings are apart, or how alike they are. Default `"euclidean"`. */
  readonly distance: MetricDistance;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"avgNonZero"`. */
  readonly reduction: BatchReduction;
}

/**
 * Triplets of a batch: negatives are to be farther than positives by a margin.
 *
 * Triplets are all an anchor forms with one of its class and one of another, or those that the miner takes. Returns (N)
 * with `reduction: "none"`, the sum over each anchor's triplets, else a scalar. Equals
 * `pytorch_metric_learning.losses.TripletMarginLoss`. One anchor is computed at a time: memory is (N, N), time grows as
 * N³; with `miner: "batchHard"` as N².
 *
 * @formula `max(0, d_ip - d_in + margin)`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note tripletMarginLoss is the loss of given triplets.
 * @note Mining has no gradient. Of positives or negatives at one distance the first is mined.
 * @note The hardest, hard, semi-hard and easy triplets are miners: batchHard, and tripletMarginMiner({ triplets }).
 * @note The hinge has gradient 0 at the margin itself.
 * @note With smoothLoss every triplet is > 0: avgNonZero is the mean.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Hermans, Beyer, Leibe: In Defense of the Triplet Loss for Person Re-Identification, 2017
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(metricTripletMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const metricTripletMarginLoss: Loss<MetricTripletMarginLossOptions, { embeddings: "float"; labels: "index" }> =
  defineLoss({
    name: "metricTripletMarginLoss",
    family: "metric",
    aliases: ["batchAllTripletLoss", "minedTripletMarginLoss", "inBatchTripletLoss"],
    inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
    options: {
      margin: finite(0.05),
      swap: flag(false),
      smoothLoss: flag(false),
      distance: metricDistance("euclidean"),
      ...batchOptions(),
      reduction: batchReduction("avgNonZero"),
    },
    empty: "zero",
    value({ embeddings, labels }, { margin, swap, smoothLoss, distance, ...batch }) {
      const metric = metricOf(distance, embeddings);
      return overPairs(embeddings, labels, batch, (pairs) => tripletCosts(metric, pairs, { margin, swap, smoothLoss }));
    },
  });
