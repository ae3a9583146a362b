import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { anyOf, isBothKinds, pairLogSumExp } from "../../math/pairs.js";

export interface LiftedStructureLossOptions extends BatchOptions {
  /** Distance that negatives are to exceed. Default 1. */
  readonly negMargin: number;
  /** Distance that positives may have. Default 0. */
  readonly posMargin: number;
  /** How far embeddings are apart, or how alike they are. Default `"euclidean"`. */
  readonly distance: MetricDistance;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * Each positive pair is held against all negatives of both its ends.
 *
 * Returns (N, N) with `reduction: "none"`, 0 where there is no such pair, else a scalar. Equals
 * `pytorch_metric_learning.losses.LiftedStructureLoss`; 0 without positive or without negative pairs.
 *
 * @formula `1/2 max(0, log sum_n (exp(negMargin - d_in) + exp(negMargin - d_pn)) + d_ip - posMargin)^2`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note Pairs are ordered: each is counted from both ends.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Song, Xiang, Jegelka, Savarese: Deep Metric Learning via Lifted Structured Feature Embedding, CVPR 2016
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(liftedStructureLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const liftedStructureLoss: Loss<LiftedStructureLossOptions, { embeddings: "float"; labels: "index" }> =
  defineLoss({
    name: "liftedStructureLoss",
    family: "metric",
    aliases: ["LiftedStructureLoss", "LiftedStructLoss"],
    inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
    options: {
      negMargin: finite(1),
      posMargin: finite(0),
      distance: metricDistance("euclidean"),
      ...batchOptions(),
      reduction: batchReduction(),
    },
    empty: "zero",
    value({ embeddings, labels }, { negMargin, posMargin, distance, ...batch }) {
      const { matrix, beyond, within } = metricOf(distance, embeddings);
      return overPairs(embeddings, labels, batch, (pairs) => {
        const { positives, negatives } = pairs;
        const isAny = anyOf(negatives.mask);
        const near = isAny.where(pairLogSumExp(within(matrix, negMargin), negatives), 0);
        const [own, other] = [near.unsqueeze(1), near.unsqueeze(0)];
        const [isOwn, isOther] = [isAny.unsqueeze(1), isAny.unsqueeze(0)];
        // log(exp a + exp b) = a + softplus(b − a); the one alone where only one end has negatives
        const sum = own.add(other.sub(own).softplus());
        const both = isOwn.and(isOther).where(sum, isOwn.where(own, other));
        const costs = both.add(beyond(matrix, posMargin)).relu().square().mul(0.5);
        return { costs, over: { ...positives, mask: positives.mask.and(isBothKinds(pairs)) } };
      });
    },
  });
