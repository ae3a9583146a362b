import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { fraction, reduction, type Reduction } from "../../loss/options.js";

export interface QuantileLossOptions {
  /** The quantile that is predicted, in [0, 1]. Default 0.5: half the absolute error. */
  readonly quantile: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The pinball loss: too small a prediction costs `quantile` times its error, too large a one `1 − quantile` times.
 *
 * `max(q d, (q − 1) d)`, `d = target − input`
 *
 * Inputs: `input` and `target`, shapes that broadcast. Returns the broadcast shape with `reduction: "none"`, else a scalar. Where both
 * are equal the gradient is the middle of both slopes. PyTorch has no such loss; scikit-learn's mean_pinball_loss has this value.
 *
 * @throws OptionError if quantile is outside [0, 1]; ShapeError on shapes that do not broadcast.
 * @example
 * ```ts
 * const loss = await backend.compile(quantileLoss({ quantile: 0.9 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [0.5, 2], target: [1, 1] });
 * ```
 */
export const quantileLoss: Loss<QuantileLossOptions, { input: "float"; target: "float" }> = defineLoss({
  name: "quantileLoss",
  family: "regression",
  summary:
    "The pinball loss: too small a prediction costs quantile times its error, too large a one 1 - quantile times.",
  formula: "max(q d, (q - 1) d), d = target - input",
  notes: ["Where input and target are equal the gradient is the middle of both slopes."],
  references: ["Koenker, Bassett: Regression Quantiles, Econometrica 1978"],
  aliases: ["pinballLoss", "PinballLoss", "mean_pinball_loss"],
  inputs: { input: float(["~d?"], "Predictions."), target: float(["~d?"], "Truth.") },
  options: { quantile: fraction(0.5, "The quantile that is predicted."), reduction: reduction() },
  value({ input, target }, { quantile }) {
    const d = target.sub(input);
    return d.mul(quantile).maximum(d.mul(quantile - 1));
  },
});
