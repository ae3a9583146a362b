import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { flag, oneOf, positive, reduction, type OptionDeclaration, type ReductionOption } from "../../loss/options.js";
import { distanceOf, type DistanceName } from "../../math/distance.js";
import { tripletHinge } from "../../math/triplet.js";
import type { Tensor } from "../../tensor/tensor.js";

/** A distance between rows: the name of one, or a function of two tensors that reduces their last axis. */
export type DistanceOption = DistanceName | ((x: Tensor, y: Tensor) => Tensor);

export interface TripletMarginWithDistanceLossOptions extends ReductionOption {
  /**
   * The distance between rows. Default `"pairwise"`: PyTorch's pairwise_distance with p = 2, eps = 1e-6. Others are
   * `"euclidean"` (no eps), `"squaredEuclidean"`, `"manhattan"`, `"cosine"` (1 − cosine), or a function.
   */
  readonly distance: DistanceOption;
  /** How much farther the negative must be. Default 1. */
  readonly margin: number;
  /** Use the nearer of d(anchor, negative) and d(positive, negative). Default false. */
  readonly swap: boolean;
}

const names = ["pairwise", "euclidean", "squaredEuclidean", "manhattan", "cosine"] as const;
const named = oneOf<DistanceName>(names, "pairwise");

const distance: OptionDeclaration<DistanceOption> = {
  ...named,
  domain: `${named.domain} | a function of two tensors`,
  accepts: (value): value is DistanceOption => typeof value === "function" || named.accepts(value),
};

/**
 * The triplet loss over a distance of your choice.
 *
 * Returns the leading axes with `reduction: "none"`, else a scalar. A function given as `distance` is recorded and
 * differentiated like the rest; such a spec cannot be serialised.
 *
 * @formula `max(0, d(anchor, positive) - d(anchor, negative) + margin)`
 * @pytorch `torch.nn.functional.triplet_margin_with_distance_loss`
 * @input anchor - The anchors.
 * @input positive - Samples that belong with the anchors.
 * @input negative - Samples that do not.
 * @note The default distance is PyTorch's pairwise_distance, which adds 1e-6 to every difference.
 * @note "euclidean" has gradient 0 between equal vectors.
 * @note {@link shortestNorm}
 * @throws OptionError if margin is not > 0 or the distance is unknown; ShapeError on shapes that do not fit.
 * @example
 * ```ts
 * const loss = await backend.compile(tripletMarginWithDistanceLoss({ distance: "cosine", margin: 0.5 }));
 * const { value } = await loss.valueAndGrad({ anchor, positive, negative });
 * ```
 */
export const tripletMarginWithDistanceLoss: Loss<
  TripletMarginWithDistanceLossOptions,
  { anchor: "float"; positive: "float"; negative: "float" } & Sampled
> = defineLoss({
  name: "tripletMarginWithDistanceLoss",
  family: "ranking",
  aliases: ["TripletMarginWithDistanceLoss", "triplet_margin_with_distance_loss"],
  inputs: { anchor: float(["~n", "D"]), positive: float(["~n", "D"]), negative: float(["~n", "D"]) },
  optionalInputs: sampleInputs(["~n"]),
  options: { distance, margin: positive(1), swap: flag(false), reduction: reduction() },
  value: ({ anchor, positive, negative }, options) => {
    const d = typeof options.distance === "function" ? options.distance : distanceOf(options.distance);
    return tripletHinge({ anchor, positive, negative }, d, options.margin, options.swap);
  },
});
