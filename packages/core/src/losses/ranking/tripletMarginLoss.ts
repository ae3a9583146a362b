import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { flag, nonNegative, normOrder, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { pairwiseDistance } from "../../math/distance.js";
import { tripletHinge } from "../../math/triplet.js";

export interface TripletMarginLossOptions extends ReductionOption {
  /** How much farther the negative must be. Default 1. */
  readonly margin: number;
  /** Order of the norm. Default 2; ±Infinity are taken too. */
  readonly p: number;
  /** Added to every signed difference before the norm. Default 1e-6. */
  readonly eps: number;
  /** Use the nearer of d(anchor, negative) and d(positive, negative). Default false. */
  readonly swap: boolean;
}

/**
 * The positive must be nearer to the anchor than the negative, by a margin.
 *
 * Returns the leading axes with `reduction: "none"`, else a scalar. Distances are slightly asymmetric and d(x, x) is
 * eps·D^(1/p). With `swap` a tie gives each half the gradient. At the hinge's kink the gradient is that of the active
 * side, at a zero norm it is 0, at ties of p = Infinity it is shared.
 *
 * @formula `max(0, d(anchor, positive) - d(anchor, negative) + margin), d(x, y) = ||x - y + eps||_p`
 * @pytorch `torch.nn.functional.triplet_margin_loss`
 * @input anchor - The anchors.
 * @input positive - Samples that belong with the anchors.
 * @input negative - Samples that do not.
 * @note eps is added to the signed difference before the norm. The survey says it avoids a division by zero; there is
 * no division.
 * @note swap takes the smaller of d(anchor, negative) and d(positive, negative), the harder negative. The survey says
 * it takes the sample farther from the anchor.
 * @note p = 0 counts the differing components and has gradient 0.
 * @note No p takes the norm out of range: the powers are of shares of the largest component (of the smallest for p <
 * 0), where PyTorch's underflow or overflow for large p. p = 2 squares the components themselves, as PyTorch.
 * @see Balntas, Riba, Ponsa, Mikolajczyk: Learning shallow convolutional feature descriptors with triplet losses, BMVC
 * 2016
 * @throws OptionError if margin is not > 0; ShapeError on shapes that do not fit.
 * @example
 * ```ts
 * const loss = await backend.compile(tripletMarginLoss({ margin: 0.2, swap: true }));
 * const { value, grads } = await loss.valueAndGrad({ anchor, positive, negative });
 * ```
 */
export const tripletMarginLoss: Loss<
  TripletMarginLossOptions,
  { anchor: "float"; positive: "float"; negative: "float" } & Sampled
> = defineLoss({
  name: "tripletMarginLoss",
  family: "ranking",
  aliases: ["TripletMarginLoss", "triplet_margin_loss", "tripletLoss"],
  inputs: { anchor: float(["~n", "D"]), positive: float(["~n", "D"]), negative: float(["~n", "D"]) },
  optionalInputs: sampleInputs(["~n"]),
  options: { margin: positive(1), p: normOrder(2), eps: nonNegative(1e-6), swap: flag(false), reduction: reduction() },
  value: ({ anchor, positive, negative }, { margin, p, eps, swap }) =>
    tripletHinge({ anchor, positive, negative }, (x, y) => pairwiseDistance(x, y, p, eps), margin, swap),
});
