import { defineLoss, type Loss } from "../../loss/define.js";
import { float, mask, number, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { perList, validScores } from "../../math/lists.js";

export type RankingSoftmaxLossOptions = ReductionOption;

/**
 * The cross-entropy of a list's scores, by the relevance of its items.
 *
 * Inputs: `scores` (B, L); `labels` (B, L), relevances, not normalised; optional `where` (B, L), the items that count,
 * and `weights` (B, L), which multiply labels. Returns (B) with `reduction: "none"`, else a scalar: lists without a
 * valid item leave the mean, and over no list it is 0. Equals `optax.losses.ranking_softmax_loss` and rax's
 * softmax_loss.
 *
 * @formula `-sum_j weights_j labels_j log softmax(scores)_j`
 * @input scores - Scores of the items of each list.
 * @input labels - Their relevance.
 * @input where - Items that count.
 * @input weights - Weight of each item.
 * @note Labels are taken as they are: a list with larger ones counts more.
 * @note Lists without a valid item leave the mean, and over no list it is 0.
 * @see Cao et al.: Learning to Rank, from Pairwise to Listwise Approach, ICML 2007
 * @throws ShapeError on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(rankingSoftmaxLoss());
 * const { value, grads } = await loss.valueAndGrad({ scores: [[2, 0.5, -1]], labels: [[1, 0, 2]] });
 * ```
 */
export const rankingSoftmaxLoss: Loss<
  RankingSoftmaxLossOptions,
  { scores: "float"; labels: "number"; where?: "mask"; weights?: "float" } & Sampled
> = defineLoss({
  name: "rankingSoftmaxLoss",
  family: "listwise",
  aliases: ["ranking_softmax_loss", "listwiseSoftmax", "rax.softmax_loss"],
  empty: "zero",
  inputs: { scores: float(["B", "L"]), labels: number(["B", "L"]) },
  optionalInputs: { where: mask(["B", "L"]), weights: float(["B", "L"]), ...sampleInputs(["B"]) },
  options: { reduction: reduction() },
  value({ scores, labels, where: valid, weights }) {
    const lists = { scores, labels, valid };
    const gains = weights === undefined ? labels : labels.mul(weights);
    const costs = gains.mul(validScores(lists).logSoftmax(1)).neg();
    return perList((valid?.where(costs, 0) ?? costs).sum(1), lists);
  },
});
