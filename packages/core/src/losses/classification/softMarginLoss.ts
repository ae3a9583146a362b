import { defineLoss, type Loss } from "../../loss/define.js";
import { float, number, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";

export type SoftMarginLossOptions = ReductionOption;

/**
 * The logistic loss for labels 1 and -1.
 *
 * Inputs: `input` and `target` of one shape, target 1 or −1 and without a gradient. Returns that shape with `reduction:
 * "none"`, else a scalar. Equals `torch.nn.functional.soft_margin_loss`, and stays exact where PyTorch overflows: from
 * −target · input = 89 on in float32 PyTorch gives Infinity with a gradient of NaN.
 *
 * @formula `log(1 + exp(-target * input))`
 * @pytorch `torch.nn.functional.soft_margin_loss`
 * @input input - Scores.
 * @input target - 1 or -1.
 * @note It is exact for inputs of any size; PyTorch gives Infinity and NaN from 89 on in float32, from 710 on in
 * float64.
 * @note With labels 0 and 1 it is binaryCrossEntropyWithLogits.
 * @throws ShapeError if target has another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(softMarginLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [2.1, -0.4], target: [1, -1] });
 * ```
 */
export const softMarginLoss: Loss<SoftMarginLossOptions, { input: "float"; target: "fixed" } & Sampled> = defineLoss({
  name: "softMarginLoss",
  family: "classification",
  aliases: ["SoftMarginLoss", "soft_margin_loss", "logisticLoss"],
  inputs: { input: float(["...d"]), target: number(["...d"], { differentiable: false }) },
  optionalInputs: sampleInputs(["...d"]),
  options: { reduction: reduction() },
  value: ({ input, target }) => target.neg().mul(input).softplus(),
});
