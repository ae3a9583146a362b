import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { violation } from "../../math/margin.js";

export type MultilabelMarginLossOptions = ReductionOption;

/**
 * The multi-label hinge loss: each label's score has to be larger than every other class's, by 1.
 *
 * Inputs: `input`, scores (C) or (N, C); `target` of that shape, int32 or int64: the labels of a sample, then −1; what
 * follows the first −1 is ignored. A label that is given twice counts twice; without labels the loss is 0. Returns ()
 * or (N) with `reduction: "none"`, else a scalar. Equals `torch.nn.functional.multilabel_margin_loss`, which also
 * counts NaN as no violation; over no samples PyTorch returns memory that nobody has written to, and here the mean is
 * NaN.
 *
 * @formula `1/C sum_{j in labels} sum_{i not in labels} max(0, 1 - input_j + input_i)`
 * @pytorch `torch.nn.functional.multilabel_margin_loss`
 * @input input - Scores.
 * @input target - The labels of a sample, then -1.
 * @note Labels end with the first -1; what follows is ignored.
 * @note A label that is given twice counts twice.
 * @note At the margin the gradient is 0. NaN counts as no violation, as in PyTorch.
 * @throws InputError on an index outside [−1, C); ShapeError if target has another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(multilabelMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.1, 0.2, 0.4, 0.8], target: [3, 0, -1, -1] });
 * ```
 */
export const multilabelMarginLoss: Loss<MultilabelMarginLossOptions, { input: "float"; target: "index" } & Sampled> =
  defineLoss({
    name: "multilabelMarginLoss",
    family: "classification",
    aliases: ["MultiLabelMarginLoss", "multilabel_margin_loss"],
    inputs: { input: float(["N?", "C"]), target: labels(["N?", "C"], { from: -1, below: "C" }) },
    optionalInputs: sampleInputs(["N?"]),
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
