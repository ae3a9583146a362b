import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { fraction, reduction, type ReductionOption } from "../../loss/options.js";

export interface QuantileLossOptions extends ReductionOption {
  /** The quantile that is predicted. Default 0.5: half the absolute error. */
  readonly quantile: number;
}

/**
 * The pinball loss: too small a prediction costs quantile times its error, too large a one 1 - quantile times.
 *
 * Returns the broadcast shape with `reduction: "none"`, else a scalar. PyTorch has no such loss; scikit-learn's
 * mean_pinball_loss has this value.
 *
 * @formula `max(q d, (q - 1) d), d = target - input`
 * @input input - Predictions.
 * @input target - Truth.
 * @note Where input and target are equal the gradient is the middle of both slopes.
 * @see Koenker, Bassett: Regression Quantiles, Econometrica 1978
 * @throws OptionError if quantile is outside [0, 1]; ShapeError on shapes that do not broadcast.
 * @example
 * ```ts
 * const loss = await backend.compile(quantileLoss({ quantile: 0.9 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 2], target: [1, 1] });
 * ```
 */
export const quantileLoss: Loss<QuantileLossOptions, { input: "float"; target: "float" } & Sampled> = defineLoss({
  name: "quantileLoss",
  family: "regression",
  aliases: ["pinballLoss", "PinballLoss", "mean_pinball_loss"],
  inputs: { input: float(["~d?"]), target: float(["~d?"]) },
  optionalInputs: sampleInputs(["~d?"]),
  options: { quantile: fraction(0.5), reduction: reduction() },
  value({ input, target }, { quantile }) {
    const d = target.sub(input);
    return d.mul(quantile).maximum(d.mul(quantile - 1));
  },
});
