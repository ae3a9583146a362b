import { defineLoss, type Loss } from "../../loss/define.js";
import { float, number, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { oneOf, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { distanceOf } from "../../math/distance.js";

export interface ContrastiveLossOptions extends ReductionOption {
  /** Distance beyond which a dissimilar pair costs nothing. Default 1. */
  readonly margin: number;
  /** The distance between the embeddings. Default `"euclidean"`; `"cosine"` is 1 − cosine. */
  readonly distance: "euclidean" | "cosine";
}

/**
 * Similar pairs are drawn together, dissimilar ones pushed beyond a margin.
 *
 * Values of `target` between 0 and 1 mix both. Returns (N) with `reduction: "none"`, else a scalar. Between equal
 * vectors the gradient is 0, also in the dissimilar branch (the subgradient of the norm at 0).
 *
 * @formula `1/2 (target * d^2 + (1 - target) * max(0, margin - d)^2)`
 * @input input1 - One embedding of each pair.
 * @input input2 - The other embedding.
 * @input target - 1 for a similar pair, 0 for a dissimilar one.
 * @note target is 1 for a similar pair; the paper's Y is 0 for it.
 * @note Labels of 1 and -1 are refused as plain data; tensors of a device are not read for it, and give a negative loss.
 * @note Both branches are squared and halved as in the paper; other libraries leave out the square, the half, or both.
 * @note {@link shortestNorm}
 * @see Hadsell, Chopra, LeCun: Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006
 * @throws OptionError if margin is not > 0; InputError if target, as plain data, is not within 0 and 1; ShapeError on sizes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(contrastiveLoss({ margin: 1 }));
 * const { value } = await loss.valueAndGrad({ input1, input2, target: [1, 0, 0, 1] });
 * ```
 */
export const contrastiveLoss: Loss<
  ContrastiveLossOptions,
  { input1: "float"; input2: "float"; target: "number" } & Sampled
> = defineLoss({
  name: "contrastiveLoss",
  family: "contrastive",
  aliases: ["pairwiseContrastiveLoss", "ContrastiveLoss"],
  inputs: { input1: float(["N?", "D"]), input2: float(["N?", "D"]), target: number(["N?"], { from: 0, to: 1 }) },
  optionalInputs: sampleInputs(["N?"]),
  options: { margin: positive(1), distance: oneOf(["euclidean", "cosine"], "euclidean"), reduction: reduction() },
  value({ input1, input2, target }, { margin, distance }) {
    const d = distanceOf(distance)(input1, input2);
    const apart = d.neg().add(margin).clampMin(0).square();
    return target.mul(d.square()).add(target.neg().add(1).mul(apart)).mul(0.5);
  },
});
