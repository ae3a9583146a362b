import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { labelEntropy } from "../../math/entropy.js";
import { requireShape, requireWithin } from "../../math/weighted.js";

export type BinaryCrossEntropyWithLogitsOptions = ReductionOption;

/**
 * Cross-entropy of logits against labels between 0 and 1.
 *
 * Inputs: `input` and `target` of one shape; optional `weight` and `posWeight`, which stretch to that shape and have no
 * gradient. Returns that shape with `reduction: "none"`, else a scalar. Equals
 * `torch.nn.functional.binary_cross_entropy_with_logits`, and costs Infinity for a label of 1 at a logit of −Infinity,
 * where PyTorch gives NaN. Exact for logits of any size.
 *
 * @formula `weight * ((1 - y) softplus(x) + posWeight * y softplus(-x))`
 * @pytorch `torch.nn.functional.binary_cross_entropy_with_logits`
 * @input input - Logits.
 * @input target - Labels between 0 and 1.
 * @input weight - Weight of each element.
 * @input posWeight - Weight of the label 1, for each class.
 * @note input holds logits: put no sigmoid before it.
 * @note The mean divides by the number of elements, also with weights.
 * @note A label of 1 at a logit of -Infinity costs Infinity, where PyTorch gives NaN.
 * @throws ShapeError if target has another shape or a weight is larger.
 * @example
 * ```ts
 * const loss = await backend.compile(binaryCrossEntropyWithLogits());
 * const { value, grads } = await loss.valueAndGrad({ input: [2.1, -0.4], target: [1, 0], posWeight: 3 });
 * ```
 */
export const binaryCrossEntropyWithLogits: Loss<
  BinaryCrossEntropyWithLogitsOptions,
  { input: "float"; target: "float"; weight?: "fixed"; posWeight?: "fixed" } & Sampled
> = defineLoss({
  name: "binaryCrossEntropyWithLogits",
  family: "classification",
  aliases: [
    "BCEWithLogitsLoss",
    "binary_cross_entropy_with_logits",
    "sigmoidCrossEntropy",
    "sigmoidBinaryCrossEntropy",
  ],
  inputs: { input: float(["~d?"]), target: float(["~d?"]) },
  optionalInputs: {
    weight: float(["~d?"], { differentiable: false }),
    posWeight: float(["~d?"], { differentiable: false }),
    ...sampleInputs(["~d?"]),
  },
  options: { reduction: reduction() },
  value({ input, target, weight, posWeight }) {
    requireShape("binaryCrossEntropyWithLogits", input, { target });
    requireWithin("binaryCrossEntropyWithLogits", input, { weight, posWeight });
    const entropy = labelEntropy(input, target, posWeight);
    return weight === undefined ? entropy : entropy.mul(weight);
  },
});
