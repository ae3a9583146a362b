import { customGradient } from "../../graph/tracedTensor.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { requireShape, requireWithin } from "../../math/weighted.js";
import type { Tensor } from "../../tensor/tensor.js";

export type BinaryCrossEntropyOptions = ReductionOption;

/**
 * Cross-entropy of probabilities against labels between 0 and 1.
 *
 * Inputs: `input` and `target` of one shape, both in [0, 1]; optional `weight`, which stretches to that shape and has
 * no gradient. Returns that shape with `reduction: "none"`, else a scalar. Equals
 * `torch.nn.functional.binary_cross_entropy`, whose gradients are not those of the value where it is cut off: `(x − y)
 * / max(x (1 − x), 1e-12)` towards the input, `log(1 − x) − log x` towards the target.
 *
 * @formula `-weight * (y max(log x, -100) + (1 - y) max(log(1 - x), -100))`
 * @pytorch `torch.nn.functional.binary_cross_entropy`
 * @input input - Probabilities.
 * @input target - Labels between 0 and 1.
 * @input weight - Weight of each element.
 * @note input holds probabilities: binaryCrossEntropyWithLogits takes logits and is exact where these are large.
 * @note No value is above 100, but the gradient grows up to 1e12: as in PyTorch it is (x - y) / max(x (1 - x), 1e-12).
 * @note The gradient towards a target is infinite where input is 0 or 1, as in PyTorch.
 * @note The mean divides by the number of elements, also with a weight.
 * @note Numbers outside [0, 1] and NaN are refused.
 * @throws InputError on a number outside [0, 1], or NaN; ShapeError if target has another shape or weight is larger.
 * @example
 * ```ts
 * const loss = await backend.compile(binaryCrossEntropy());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.9, 0.2], target: [1, 0] });
 * ```
 */
export const binaryCrossEntropy: Loss<
  BinaryCrossEntropyOptions,
  { input: "float"; target: "float"; weight?: "fixed" } & Sampled
> = defineLoss({
  name: "binaryCrossEntropy",
  family: "classification",
  aliases: ["BCELoss", "binary_cross_entropy", "BCE", "logLoss", "binaryCrossentropy"],
  inputs: { input: float(["~d?"], { from: 0, to: 1 }), target: float(["~d?"], { from: 0, to: 1 }) },
  optionalInputs: { weight: float(["~d?"], { differentiable: false }), ...sampleInputs(["~d?"]) },
  options: { reduction: reduction() },
  value({ input, target, weight }) {
    requireShape("binaryCrossEntropy", input, { target });
    requireWithin("binaryCrossEntropy", input, { weight });
    const entropy = clampedEntropy(input, target);
    return weight === undefined ? entropy : entropy.mul(weight);
  },
});

/** A float32 in PyTorch. */
const leastVariance = Math.fround(1e-12);

/** `−(y max(log x, −100) + (1 − y) max(log(1 − x), −100))` with PyTorch's gradients, which know nothing of −100. */
function clampedEntropy(x: Tensor, y: Tensor): Tensor {
  const [log, logOther] = [x.log(), x.neg().log1p()];
  const gain = y.mul(log.clampMin(-100)).add(y.neg().add(1).mul(logOther.clampMin(-100)));
  return customGradient(gain.neg(), [x, y], (g) => {
    const variance = x.mul(x.neg().add(1)).clampMin(leastVariance);
    return [g.mul(x.sub(y)).div(variance), g.mul(logOther.sub(log))];
  });
}
