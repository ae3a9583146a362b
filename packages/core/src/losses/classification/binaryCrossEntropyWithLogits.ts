import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";
import { labelEntropy } from "../../math/entropy.js";
import { requireShape, requireWithin } from "../../math/weighted.js";

export interface BinaryCrossEntropyWithLogitsOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Cross-entropy of logits against labels between 0 and 1.
 *
 * `w ((1 − y) softplus(x) + posWeight y softplus(−x))`
 *
 * Inputs: `input` and `target` of one shape; optional `weight` and `posWeight`, which stretch to that shape and have no gradient.
 * Returns that shape with `reduction: "none"`, else a scalar. The mean divides by the number of elements, also with weights.
 * Equals `torch.nn.functional.binary_cross_entropy_with_logits`, and costs Infinity for a label of 1 at a logit of −Infinity,
 * where PyTorch gives NaN. Exact for logits of any size.
 *
 * @throws ShapeError if target has another shape or a weight is larger.
 * @example
 * ```ts
 * const loss = await backend.compile(binaryCrossEntropyWithLogits());
 * const { value, grads } = await loss.valueAndGrad({ input: [2.1, -0.4], target: [1, 0], posWeight: 3 });
 * ```
 */
export const binaryCrossEntropyWithLogits: Loss<
  BinaryCrossEntropyWithLogitsOptions,
  { input: "float"; target: "float"; weight?: "fixed"; posWeight?: "fixed" }
> = defineLoss({
  name: "binaryCrossEntropyWithLogits",
  family: "classification",
  summary: "Cross-entropy of logits against labels between 0 and 1.",
  formula: "weight * ((1 - y) softplus(x) + posWeight * y softplus(-x))",
  pytorch: "torch.nn.functional.binary_cross_entropy_with_logits",
  notes: [
    "input holds logits: put no sigmoid before it.",
    "The mean divides by the number of elements, also with weights.",
    "A label of 1 at a logit of -Infinity costs Infinity, where PyTorch gives NaN.",
  ],
  aliases: [
    "BCEWithLogitsLoss",
    "binary_cross_entropy_with_logits",
    "sigmoidCrossEntropy",
    "sigmoidBinaryCrossEntropy",
  ],
  inputs: { input: float(["~d?"], "Logits."), target: float(["~d?"], "Labels between 0 and 1.") },
  optionalInputs: {
    weight: float(["~d?"], "Weight of each element.", { differentiable: false }),
    posWeight: float(["~d?"], "Weight of the label 1, for each class.", { differentiable: false }),
  },
  options: { reduction: reduction() },
  value({ input, target, weight, posWeight }) {
    requireShape("binaryCrossEntropyWithLogits", input, { target });
    requireWithin("binaryCrossEntropyWithLogits", input, { weight, posWeight });
    const entropy = labelEntropy(input, target, posWeight);
    return weight === undefined ? entropy : entropy.mul(weight);
  },
});
