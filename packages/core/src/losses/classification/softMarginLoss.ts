import { defineLoss, type Loss } from "../../loss/define.js";
import { float, number } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";

export interface SoftMarginLossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The logistic loss for labels 1 and −1.
 *
 * `log(1 + exp(−target · input))`
 *
 * Inputs: `input` and `target` of one shape, target 1 or −1 and without a gradient. Returns that shape with `reduction: "none"`, else
 * a scalar. Equals `torch.nn.functional.soft_margin_loss`, and stays exact where PyTorch overflows: from −target · input = 89 on in
 * float32 PyTorch gives Infinity with a gradient of NaN.
 *
 * @throws ShapeError if target has another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(softMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [2.1, -0.4], target: [1, -1] });
 * ```
 */
export const softMarginLoss: Loss<SoftMarginLossOptions, { input: "float"; target: "fixed" }> = defineLoss({
  name: "softMarginLoss",
  family: "classification",
  summary: "The logistic loss for labels 1 and -1.",
  formula: "log(1 + exp(-target * input))",
  pytorch: "torch.nn.functional.soft_margin_loss",
  notes: [
    "It is exact for inputs of any size; PyTorch gives Infinity and NaN from 89 on in float32, from 710 on in float64.",
    "With labels 0 and 1 it is binaryCrossEntropyWithLogits.",
  ],
  aliases: ["SoftMarginLoss", "soft_margin_loss", "logisticLoss"],
  inputs: {
    input: float(["...d"], "Scores."),
    target: number(["...d"], "1 or -1.", { differentiable: false }),
  },
  options: { reduction: reduction() },
  value: ({ input, target }) => target.neg().mul(input).softplus(),
});
