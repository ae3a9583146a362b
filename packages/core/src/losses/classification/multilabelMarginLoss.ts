import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";
import { violation } from "../../math/margin.js";

export interface MultilabelMarginLossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The multi-label hinge loss: the score of each label has to be larger than that of every class that is none, by 1.
 *
 * `1/C Σ_{j ∈ labels} Σ_{i ∉ labels} max(0, 1 − input_j + input_i)`
 *
 * Inputs: `input`, scores (C) or (N, C); `target` of that shape, int32 or int64: the labels of a sample, then −1; what follows the
 * first −1 is ignored. A label that is given twice counts twice; without labels the loss is 0. Returns () or (N) with
 * `reduction: "none"`, else a scalar. The gradient is 0 at the margin. Equals `torch.nn.functional.multilabel_margin_loss`, which
 * also counts NaN as no violation; over no samples PyTorch returns memory that nobody has written to, and here the mean is NaN.
 *
 * @throws InputError on an index outside [−1, C); ShapeError if target has another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(multilabelMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.1, 0.2, 0.4, 0.8], target: [3, 0, -1, -1] });
 * ```
 */
export const multilabelMarginLoss: Loss<MultilabelMarginLossOptions, { input: "float"; target: "index" }> = defineLoss({
  name: "multilabelMarginLoss",
  family: "classification",
  summary: "The multi-label hinge loss: each label's score has to be larger than every other class's, by 1.",
  formula: "1/C sum_{j in labels} sum_{i not in labels} max(0, 1 - input_j + input_i)",
  pytorch: "torch.nn.functional.multilabel_margin_loss",
  notes: [
    "Labels end with the first -1; what follows is ignored.",
    "A label that is given twice counts twice.",
    "At the margin the gradient is 0. NaN counts as no violation, as in PyTorch.",
  ],
  aliases: ["MultiLabelMarginLoss", "multilabel_margin_loss"],
  inputs: {
    input: float(["N?", "C"], "Scores."),
    target: labels(["N?", "C"], "The labels of a sample, then -1.", { from: -1, below: "C" }),
  },
  options: { reduction: reduction() },
  value({ input, target }) {
    const axis = input.rank - 1;
    const [classes = 1] = input.shape.slice(-1);
    const isListed = target.equal(-1).cast(input.dtype).cumsum(axis).equal(0);
    const times = isListed.cast(input.dtype).scatterAdd(axis, target, classes);
    const [label, other] = [input.unsqueeze(axis + 1), input.unsqueeze(axis)];
    const isOther = times.unsqueeze(axis).equal(0);
    const costs = isOther.where(violation(other.sub(label).add(1)), 0).sum(axis + 1);
    return times.equal(0).where(0, times.mul(costs)).sum(axis).div(input.count(axis));
  },
});
