import { defineLoss, type Loss } from "../../loss/define.js";
import { float, mask, number } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";
import { logSumExpFromEnd, perList, validScores } from "../../math/lists.js";

export interface ListMleLossOptions {
  /** Default `"mean"`: over the lists. */
  readonly reduction: Reduction;
}

/**
 * ListMLE: how improbable the order by labels is, if items are drawn one after the other by the softmax of what is left.
 *
 * `Σ_k (log Σ_{j ≥ k} exp s_(j) − s_(k))` over the items by falling label
 *
 * Inputs: `scores` (B, L); `labels` (B, L), relevances, without a gradient; optional `where` (B, L), the items that count. Equal labels
 * keep the order of the input. Returns (B) with `reduction: "none"`, else a scalar: lists without a valid item leave the mean, and over
 * no list it is 0. Equals rax's listmle_loss, which breaks ties at random if it is given a key.
 *
 * @throws ShapeError on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(listMleLoss());
 * const { value, grads } = await loss.valueAndGrad({ scores: [[2, 0.5, -1]], labels: [[1, 0, 2]] });
 * ```
 */
export const listMleLoss: Loss<ListMleLossOptions, { scores: "float"; labels: "fixed"; where?: "mask" }> = defineLoss({
  name: "listMleLoss",
  family: "listwise",
  summary: "How improbable the order by labels is, if items are drawn by the softmax of what is left.",
  formula: "sum_k (log sum_{j >= k} exp s_(j) - s_(k)), items by falling label",
  notes: [
    "Equal labels keep the order of the input.",
    "Lists without a valid item leave the mean, and over no list it is 0.",
    "It is computed by log-sum-exp: scores of any size are exact.",
  ],
  references: ["Xia et al.: Listwise Approach to Learning to Rank, ICML 2008"],
  aliases: ["ListMLELoss", "listmle_loss", "ListMLE"],
  empty: "zero",
  inputs: {
    scores: float(["B", "L"], "Scores of the items of each list."),
    labels: number(["B", "L"], "Their relevance.", { differentiable: false }),
  },
  optionalInputs: { where: mask(["B", "L"], "Items that count.") },
  options: { reduction: reduction() },
  value({ scores, labels, where: valid }) {
    const lists = { scores, labels, valid };
    const order = (valid?.where(labels, -Infinity) ?? labels).argsort(1, { descending: true });
    const sorted = validScores(lists).gather(1, order);
    const costs = logSumExpFromEnd(sorted).sub(sorted);
    const isValid = valid?.cast(scores.dtype).gather(1, order).greater(0);
    return perList((isValid?.where(costs, 0) ?? costs).sum(1), lists);
  },
});
