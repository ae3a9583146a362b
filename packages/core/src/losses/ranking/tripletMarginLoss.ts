import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { flag, nonNegative, normOrder, positive, reduction, type Reduction } from "../../loss/options.js";
import { pairwiseDistance } from "../../math/distance.js";
import { tripletHinge } from "../../math/triplet.js";

export interface TripletMarginLossOptions {
  /** How much farther the negative must be; > 0. Default 1. */
  readonly margin: number;
  /** Order of the norm: any number, ±Infinity included. Default 2. */
  readonly p: number;
  /** Added to every signed difference before the norm; ≥ 0. Default 1e-6. */
  readonly eps: number;
  /** Use the nearer of d(anchor, negative) and d(positive, negative). Default false. */
  readonly swap: boolean;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The positive must be nearer to the anchor than the negative, by a margin.
 *
 * `max(0, d(anchor, positive) − d(anchor, negative) + margin)`, `d(x, y) = ‖x − y + eps‖ₚ`
 *
 * Inputs: `anchor`, `positive`, `negative` of shape (D) or (N, D); leading axes broadcast. Returns the leading axes
 * with `reduction: "none"`, else a scalar. Equals `torch.nn.functional.triplet_margin_loss`.
 *
 * `eps` is added to the difference, not to guard a division: distances are slightly asymmetric and d(x, x) is
 * eps·D^(1/p). With `swap` the negative distance is the smaller of both; a tie gives each half the gradient. At the hinge's kink the
 * gradient is that of the active side, at a zero norm it is 0, at ties of p = Infinity it is shared.
 *
 * @throws OptionError if margin is not > 0; ShapeError on shapes that do not fit.
 * @example
 * ```ts
 * const loss = await backend.compile(tripletMarginLoss({ margin: 0.2, swap: true }));
 * const { value, grads } = await loss.valueAndGrad({ anchor, positive, negative });
 * ```
 */
export const tripletMarginLoss: Loss<TripletMarginLossOptions, "anchor" | "positive" | "negative"> = defineLoss({
  name: "tripletMarginLoss",
  family: "ranking",
  summary: "The positive must be nearer to the anchor than the negative, by a margin.",
  formula: "max(0, d(anchor, positive) - d(anchor, negative) + margin), d(x, y) = ||x - y + eps||_p",
  pytorch: "torch.nn.functional.triplet_margin_loss",
  notes: [
    "eps is added to the signed difference before the norm. The survey says it avoids a division by zero; there is no division.",
    "swap takes the smaller of d(anchor, negative) and d(positive, negative), the harder negative. The survey says it takes the sample farther from the anchor.",
    "p = 0 counts the differing components and has gradient 0.",
    "No p takes the norm out of range: the powers are of shares of the largest component (of the smallest for p < 0), where PyTorch's underflow or overflow for large p. p = 2 squares the components themselves, as PyTorch.",
  ],
  references: [
    "Balntas, Riba, Ponsa, Mikolajczyk: Learning shallow convolutional feature descriptors with triplet losses, BMVC 2016",
  ],
  aliases: ["TripletMarginLoss", "triplet_margin_loss", "tripletLoss"],
  inputs: {
    anchor: float(["~n", "D"], "The anchors."),
    positive: float(["~n", "D"], "Samples that belong with the anchors."),
    negative: float(["~n", "D"], "Samples that do not."),
  },
  options: {
    margin: positive(1, "How much farther the negative must be."),
    p: normOrder(2, "Order of the norm."),
    eps: nonNegative(1e-6, "Added to every signed difference before the norm."),
    swap: flag(false, "Use the nearer of d(anchor, negative) and d(positive, negative)."),
    reduction: reduction(),
  },
  value: ({ anchor, positive, negative }, { margin, p, eps, swap }) =>
    tripletHinge({ anchor, positive, negative }, (x, y) => pairwiseDistance(x, y, p, eps), margin, swap),
});
