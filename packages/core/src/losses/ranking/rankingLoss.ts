import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { finite, oneOf, reduction, type Reduction } from "../../loss/options.js";
import { similarityOf, type SimilarityName } from "../../math/distance.js";
import { shortNormNote } from "../../math/norm.js";

export interface RankingLossOptions {
  /** How much more similar the matched pair must be; any finite number. Default 0.2. */
  readonly margin: number;
  /** `"cosine"` (default), `"dot"` or `"negativeEuclidean"`. */
  readonly similarity: SimilarityName;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The general ranking loss: the matched pair must be more similar than the mismatched one by a margin.
 *
 * `max(0, margin − s(anchor, positive) + s(anchor, negative))`
 *
 * Inputs: `anchor`, `positive`, `negative` of shape (D) or (N, D). Returns (N) with `reduction: "none"`, else a scalar.
 * `s` is PyTorch's `cosine_similarity`, the inner product, or minus the Euclidean distance (gradient 0
 * between equal vectors). At the hinge's kink the gradient is that of the active side.
 * PyTorch has no such loss; with `"negativeEuclidean"` it is `triplet_margin_with_distance_loss` over a plain norm.
 *
 * @throws OptionError on a non-finite margin or unknown similarity; ShapeError on sizes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(rankingLoss({ margin: 0.2, similarity: "cosine" }));
 * const { value } = await loss.valueAndGrad({ anchor: images, positive: captions, negative: otherCaptions });
 * ```
 */
export const rankingLoss: Loss<RankingLossOptions, "anchor" | "positive" | "negative"> = defineLoss({
  name: "rankingLoss",
  family: "ranking",
  summary: "The matched pair must be more similar than the mismatched one by a margin.",
  formula: "max(0, margin - s(anchor, positive) + s(anchor, negative))",
  notes: [
    'The survey writes a sum over the batch: that is reduction "sum"; the default here is the mean, as everywhere.',
    "A distance must enter with a minus sign: the survey offers the Euclidean distance itself as a similarity, which would rank backwards.",
    shortNormNote,
  ],
  references: ["Schroff, Kalenichenko, Philbin: FaceNet, CVPR 2015"],
  aliases: ["hingeRankingLoss"],
  inputs: {
    anchor: float(["N?", "D"], "The query embeddings."),
    positive: float(["N?", "D"], "The matching embeddings."),
    negative: float(["N?", "D"], "Embeddings that do not match."),
  },
  options: {
    margin: finite(0.2, "How much more similar the matched pair must be."),
    similarity: oneOf(["cosine", "dot", "negativeEuclidean"], "cosine", "How similarity is measured."),
    reduction: reduction(),
  },
  value({ anchor, positive, negative }, { margin, similarity }) {
    const s = similarityOf(similarity);
    return s(anchor, positive).neg().add(margin).add(s(anchor, negative)).clampMin(0);
  },
});
