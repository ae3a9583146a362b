import { customGradient } from "../../graph/tracedTensor.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import type { Tensor } from "../../tensor/tensor.js";

export type LogCoshLossOptions = ReductionOption;

/**
 * The logarithm of the hyperbolic cosine of the error.
 *
 * The logarithm of the hyperbolic cosine of the error: half its square where it is small, its size less log 2 where it
 * is large.
 *
 * Returns the broadcast shape with `reduction: "none"`, else a scalar. Exact for errors of any size, and smooth: the
 * gradient is `tanh(input − target)`. Equals `optax.losses.log_cosh` and keras's LogCosh.
 *
 * @formula `log(cosh(input - target))`
 * @input input - Predictions.
 * @input target - Truth.
 * @note It is exact for errors of any size, near 0 too.
 * @throws ShapeError on shapes that do not broadcast.
 * @example
 * ```ts
 * const loss = await backend.compile(logCoshLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 2], target: [1, 1] });
 * ```
 */
export const logCoshLoss: Loss<LogCoshLossOptions, { input: "float"; target: "float" } & Sampled> = defineLoss({
  name: "logCoshLoss",
  family: "regression",
  aliases: ["LogCosh", "log_cosh", "logcosh"],
  inputs: { input: float(["~d?"]), target: float(["~d?"]) },
  optionalInputs: sampleInputs(["~d?"]),
  options: { reduction: reduction() },
  value: ({ input, target }) => logCosh(input.sub(target)),
});

/** `−½ log(1 − tanh² d)` where that loses nothing, beyond `|d| + log(1 + e^(−2|d|)) − log 2`. */
function logCosh(d: Tensor): Tensor {
  const size = d.abs();
  const near = d.tanh().square().neg().log1p().mul(-0.5);
  const far = size.add(size.mul(-2).softplus()).sub(Math.LN2);
  return customGradient(size.greater(1).where(far, near), [d], (g) => [g.mul(d.tanh())]);
}
