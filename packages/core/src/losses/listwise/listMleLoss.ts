import { defineLoss, type Loss } from "../../loss/define.js";
import { float, mask, number, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { isImpossible } from "../../math/logSum.js";
import { logSumExpFromEnd, perList, validScores } from "../../math/lists.js";

export type ListMleLossOptions = ReductionOption;

/**
 * How improbable the order by labels is, if items are drawn by the softmax of what is left.
 *
 * Inputs: `scores` (B, L); `labels` (B, L), relevances, without a gradient; optional `where` (B, L), the items that
 * count. Returns (B) with `reduction: "none"`, else a scalar: lists without a valid item leave the mean, and over no
 * list it is 0. Equals rax's listmle_loss, which breaks ties at random if it is given a key.
 *
 * @formula `sum_k (log sum_{j >= k} exp s_(j) - s_(k)), items by falling label`
 * @input scores - Scores of the items of each list.
 * @input labels - Their relevance.
 * @input where - Items that count.
 * @note Equal labels keep the order of the input.
 * @note Lists without a valid item leave the mean, and over no list it is 0.
 * @note It is computed by log-sum-exp: scores of any size are exact.
 * @see Xia et al.: Listwise Approach to Learning to Rank, ICML 2008
 * @throws ShapeError on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(listMleLoss());
 * const { value, grads } = await loss.valueAndGrad({ scores: [[2, 0.5, -1]], labels: [[1, 0, 2]] });
 * ```
 */
export const listMleLoss: Loss<ListMleLossOptions, { scores: "float"; labels: "fixed"; where?: "mask" } & Sampled> =
  defineLoss({
    name: "listMleLoss",
    family: "listwise",
    aliases: ["ListMLELoss", "listmle_loss", "ListMLE"],
    empty: "zero",
    inputs: { scores: float(["B", "L"]), labels: number(["B", "L"], { differentiable: false }) },
    optionalInputs: { where: mask(["B", "L"]), ...sampleInputs(["B"]) },
    options: { reduction: reduction() },
    value({ scores, labels, where: valid }) {
      const lists = { scores, labels, valid };
      const order = (valid?.where(labels, -Infinity) ?? labels).argsort(1, { descending: true });
      const sorted = validScores(lists).gather(1, order);
      const costs = logSumExpFromEnd(sorted).sub(sorted);
      return perList((valid === undefined ? costs : isImpossible(sorted).where(0, costs)).sum(1), lists);
    },
  });
