import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { anyOf, maskedLogSumExp } from "../../math/pairs.js";
import { diagonal } from "../../math/select.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface NPairsLossOptions extends BatchOptions {
  /**
   * How far embeddings are apart, by name or made by `lpDistance`, `dotSimilarity`, `snrDistance`. Default `"dot"`.
   * Default `"dot"`.
   */
  readonly distance: MetricDistance;
  /** How the values become the result; `none` returns them as they are. Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * One pair of each class; each anchor is to find its partner among those of the other classes.
 *
 * The pair of a class are its first two samples. Returns (N) with `reduction: "none"`, 0 but for those anchors, else a
 * scalar. Equals `pytorch_metric_learning.losses.NPairsLoss`.
 *
 * @formula `log sum_l exp(s(a_k, p_l)) - s(a_k, p_k)`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note Similarities are cosines by default, as there; the paper has inner products: dotSimilarity({ normalize: false
 * }).
 * @note Classes with one sample are left out.
 * @note Of mined pairs it is the first of each class by position; PyTorch Metric Learning takes what its miner lists
 * first.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Sohn: Improved Deep Metric Learning with Multi-class N-pair Loss Objective, NIPS 2016
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(nPairsLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const nPairsLoss: Loss<NPairsLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "nPairsLoss",
  family: "metric",
  aliases: ["NPairsLoss", "multiClassNPairLoss"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
  options: { distance: metricDistance("dot"), ...batchOptions(), reduction: batchReduction() },
  empty: "zero",
  value({ embeddings, labels }, { distance, ...batch }) {
    const { matrix, within } = metricOf(distance, embeddings);
    return overPairs(embeddings, labels, batch, ({ positives }) => {
      const { isFirst, partner } = firstPairs(positives.mask, labels);
      // Column k holds the similarities to the partner of anchor k.
      const logits = within(matrix, 0).take(1, partner);
      const total = maskedLogSumExp(logits, isFirst.unsqueeze(0).expand(logits.shape));
      return { costs: total.sub(diagonal(logits)), over: { mask: isFirst } };
    });
  },
});

/** The first sample of each class that has a positive, and the position of its first. */
function firstPairs(positives: Tensor, labels: Tensor): { readonly isFirst: Tensor; readonly partner: Tensor } {
  const isAny = anyOf(positives);
  const isSame = labels.unsqueeze(1).equal(labels.unsqueeze(0));
  const isBefore = isSame.and(positives.iota(1).less(positives.iota(0)));
  const isFirst = isAny.and(anyOf(isBefore.and(isAny.unsqueeze(0))).not());
  return { isFirst, partner: positives.cast("int32").argmax(1) };
}
