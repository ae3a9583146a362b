import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { finite, oneOf, reduction, type ReductionOption } from "../../loss/options.js";
import { similarityOf, type SimilarityName } from "../../math/distance.js";

export interface RankingLossOptions extends ReductionOption {
  /** How much more similar the matched pair must be. Default 0.2. */
  readonly margin: number;
  /** How similarity is measured. Default `"cosine"`. */
  readonly similarity: SimilarityName;
}

/**
 * The matched pair must be more similar than the mismatched one by a margin.
 *
 * Returns (N) with `reduction: "none"`, else a scalar. `s` is PyTorch's `cosine_similarity`, the inner product, or
 * minus the Euclidean distance (gradient 0 between equal vectors). At the hinge's kink the gradient is that of the
 * active side. With `"negativeEuclidean"` it is `triplet_margin_with_distance_loss` of PyTorch over a plain norm.
 *
 * @formula `max(0, margin - s(anchor, positive) + s(anchor, negative))`
 * @input anchor - The query embeddings.
 * @input positive - The matching embeddings.
 * @input negative - Embeddings that do not match.
 * @note The survey writes a sum over the batch: that is reduction "sum"; the default here is the mean, as everywhere.
 * @note A distance must enter with a minus sign: the survey offers the Euclidean distance itself as a similarity, which
 * would rank backwards.
 * @note {@link shortestNorm}
 * @see Schroff, Kalenichenko, Philbin: FaceNet, CVPR 2015
 * @throws OptionError on a non-finite margin or unknown similarity; ShapeError on sizes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(rankingLoss({ margin: 0.2, similarity: "cosine" }));
 * const { value } = await loss.valueAndGrad({ anchor: images, positive: captions, negative: otherCaptions });
 * ```
 */
export const rankingLoss: Loss<
  RankingLossOptions,
  { anchor: "float"; positive: "float"; negative: "float" } & Sampled
> = defineLoss({
  name: "rankingLoss",
  family: "ranking",
  aliases: ["hingeRankingLoss"],
  inputs: { anchor: float(["N?", "D"]), positive: float(["N?", "D"]), negative: float(["N?", "D"]) },
  optionalInputs: sampleInputs(["N?"]),
  options: {
    margin: finite(0.2),
    similarity: oneOf(["cosine", "dot", "negativeEuclidean"], "cosine"),
    reduction: reduction(),
  },
  value({ anchor, positive, negative }, { margin, similarity }) {
    const s = similarityOf(similarity);
    return s(anchor, positive).neg().add(margin).add(s(anchor, negative)).clampMin(0);
  },
});
