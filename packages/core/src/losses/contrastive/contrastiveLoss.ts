import { defineLoss, type Loss } from "../../loss/define.js";
import { float, number } from "../../loss/inputs.js";
import { oneOf, positive, reduction, type Reduction } from "../../loss/options.js";
import { distanceOf } from "../../math/distance.js";
import { shortNormNote } from "../../math/norm.js";

export interface ContrastiveLossOptions {
  /** Distance beyond which a dissimilar pair costs nothing; > 0. Default 1. */
  readonly margin: number;
  /** `"euclidean"` (default) or `"cosine"` (1 − cosine). */
  readonly distance: "euclidean" | "cosine";
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The pairwise contrastive loss: similar pairs are drawn together, dissimilar ones pushed beyond a margin.
 *
 * `½ (y d² + (1 − y) max(0, margin − d)²)`
 *
 * Inputs: `input1`, `input2` of shape (D) or (N, D); `target` of shape () or (N): 1 for a similar pair, 0 for a
 * dissimilar one, values between mix both. Returns (N) with `reduction: "none"`, else a scalar.
 * Between equal vectors the gradient is 0, also in the dissimilar branch (the subgradient of the norm at 0).
 * PyTorch has no such loss. Note the meaning of the label: the paper's Y is 0 for similar pairs.
 *
 * @throws OptionError if margin is not > 0; ShapeError on sizes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(contrastiveLoss({ margin: 1 }));
 * const { value } = await loss.valueAndGrad({ input1, input2, target: [1, 0, 0, 1] });
 * ```
 */
export const contrastiveLoss: Loss<ContrastiveLossOptions, "input1" | "input2" | "target"> = defineLoss({
  name: "contrastiveLoss",
  family: "contrastive",
  summary: "Similar pairs are drawn together, dissimilar ones pushed beyond a margin.",
  formula: "1/2 (target * d^2 + (1 - target) * max(0, margin - d)^2)",
  notes: [
    "target is 1 for a similar pair; the paper's Y is 0 for it.",
    "Both branches are squared and halved as in the paper; other libraries leave out the square, the half, or both.",
    shortNormNote,
  ],
  references: ["Hadsell, Chopra, LeCun: Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006"],
  aliases: ["pairwiseContrastiveLoss", "ContrastiveLoss"],
  inputs: {
    input1: float(["N?", "D"], "One embedding of each pair."),
    input2: float(["N?", "D"], "The other embedding."),
    target: number(["N?"], "1 for a similar pair, 0 for a dissimilar one."),
  },
  options: {
    margin: positive(1, "Distance beyond which a dissimilar pair costs nothing."),
    distance: oneOf(["euclidean", "cosine"], "euclidean", "The distance between the embeddings."),
    reduction: reduction(),
  },
  value({ input1, input2, target }, { margin, distance }) {
    const d = distanceOf(distance)(input1, input2);
    const apart = d.neg().add(margin).clampMin(0).square();
    return target.mul(d.square()).add(target.neg().add(1).mul(apart)).mul(0.5);
  },
});
