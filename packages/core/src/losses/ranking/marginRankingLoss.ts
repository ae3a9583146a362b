import { defineLoss, type Loss } from "../../loss/define.js";
import { number, float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { finite, reduction, type ReductionOption } from "../../loss/options.js";

export interface MarginRankingLossOptions extends ReductionOption {
  /** Least difference demanded of the ranked pair. Default 0. */
  readonly margin: number;
}

/**
 * Hinge on the difference of two scores, with the wanted order given by a sign.
 *
 * Returns the broadcast shape with `reduction: "none"`, else a scalar. Integer targets are taken too.
 *
 * @formula `max(0, -target * (input1 - input2) + margin)`
 * @pytorch `torch.nn.functional.margin_ranking_loss`
 * @input input1 - Scores that should be larger where target is 1.
 * @input input2 - Scores that should be larger where target is -1.
 * @input target - 1 or -1.
 * @note It compares two scores; no distance is involved. The survey that calls it a use of the Euclidean distance is
 * mistaken, and six of the ten values in its printed example are |input1 - input2| where the loss is 0 (0.0505, 0.0909,
 * 0.3665, 0.0221, 1.0400, 0.9311); the mean of the example is 0.2001.
 * @note Labels of 0 and 1 are refused as plain data, which PyTorch takes: 0 would cost the margin. Tensors of a device are not read for it.
 * @note At the kink the gradient is that of the active side (clamp_min).
 * @see Herbrich, Graepel, Obermayer: Large Margin Rank Boundaries for Ordinal Regression, 2000
 * @throws OptionError on a non-finite margin; InputError if target, as plain data, is neither 1 nor -1; ShapeError on shapes that do not broadcast.
 * @example
 * ```ts
 * const loss = await backend.compile(marginRankingLoss({ margin: 0.1 }));
 * const { value, grads } = await loss.valueAndGrad({ input1: [0.4, 0.2], input2: [0.1, 0.5], target: [1, -1] });
 * ```
 */
export const marginRankingLoss: Loss<
  MarginRankingLossOptions,
  { input1: "float"; input2: "float"; target: "number" } & Sampled
> = defineLoss({
  name: "marginRankingLoss",
  family: "ranking",
  aliases: ["MarginRankingLoss", "margin_ranking_loss", "pairwiseHinge"],
  inputs: { input1: float(["~d"]), input2: float(["~d"]), target: number(["~d"], { values: [1, -1] }) },
  optionalInputs: sampleInputs(["~d"]),
  options: { margin: finite(0), reduction: reduction() },
  value: ({ input1, input2, target }, { margin }) => target.neg().mul(input1.sub(input2)).add(margin).clampMin(0),
});
