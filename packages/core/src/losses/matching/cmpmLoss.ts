import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels as labelInput } from "../../loss/inputs.js";
import { flag, oneOf, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { labelMatches, projectionDivergence } from "../../math/matching.js";
import { normalize, vectorNorm } from "../../math/norm.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface CmpmLossOptions extends ReductionOption {
  /** Added to the matching distribution; keeps its logarithm finite. Default 1e-8. */
  readonly eps: number;
  /** Add eps to the ratio inside the logarithm too, as the authors' code. Default false. */
  readonly innerEps: boolean;
  /** How a row of matches becomes a distribution. Default `"sum"`. */
  readonly normalization: "sum" | "l2";
}

/**
 * Divergence of cross-modal projection probabilities from the true matches, in both directions.
 *
 * `Σ_j p_ij (log p_ij − log(q_ij + eps))`, `p_i = softmax_j(x_i · z_j / ‖z_j‖)`, `q_ij = m_ij / Σ_k m_ik`, plus the
 * same with image and text exchanged; `m_ij` is 1 where the labels agree.
 *
 * With `normalization: "l2"`: `q_ij = m_ij / ‖m_i‖₂`. With `innerEps`: `Σ_j p_ij log(eps + p_ij / (q_ij + eps))`.
 *
 * Returns (N) with `reduction: "none"`, else a scalar. Only the modality projected on is normalised (norms count as at
 * least 1e-8).
 *
 * @formula `sum_j p_ij (log p_ij - log(q_ij + eps)) image to text, plus text to image`
 * @input image - Image embeddings.
 * @input text - Text embeddings, row i belonging to image i.
 * @input labels - Identity of each pair; equal labels match.
 * @note The projection is onto the normalised other modality, not a cosine: the survey's description of the
 * compatibility as a cosine is mistaken.
 * @note A pair that does not match has q = 0 and costs about p * log(p / eps): eps is a real hyper-parameter.
 * @note The formula is the paper's, through log-softmax. The authors' code adds eps inside the logarithm as well, where
 * p is small: innerEps. The two differ visibly from an eps of about 1e-3.
 * @note The two published implementations differ where labels repeat: "sum" is the authors' code (and the paper), "l2"
 * a widespread port whose q does not sum to 1.
 * @note {@link shortestNorm}
 * @note This is KL(p || q), with the prediction first: the reverse of klDiv.
 * @see Zhang, Lu: Deep Cross-Modal Projection Learning for Image-Text Matching, ECCV 2018
 * @throws OptionError if eps is not > 0; ShapeError on sizes that differ; DTypeError on labels that are not integers.
 * @example
 * ```ts
 * const loss = await backend.compile(cmpmLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, labels: [0, 1, 1, 2] });
 * ```
 */
export const cmpmLoss: Loss<CmpmLossOptions, { image: "float"; text: "float"; labels: "index" }> = defineLoss({
  name: "cmpmLoss",
  family: "matching",
  aliases: ["CMPM", "crossModalProjectionMatching", "klMatchingLoss"],
  inputs: { image: float(["N", "D"]), text: float(["N", "D"]), labels: labelInput(["N"]) },
  options: {
    eps: positive(1e-8),
    innerEps: flag(false),
    normalization: oneOf(["sum", "l2"], "sum"),
    reduction: reduction(),
  },
  value({ image, text, labels }, { eps, innerEps, normalization }) {
    const matches = labelMatches(labels, image.dtype);
    const total = normalization === "sum" ? matches.sum(1, true) : vectorNorm(matches, 2, 1, true);
    const q = matches.div(total);
    const direction = (from: Tensor, to: Tensor): Tensor => {
      const logits = from.matmul(normalize(to).transpose());
      if (!innerEps) return projectionDivergence(logits, q, eps);
      const p = logits.softmax(1);
      return p.mul(p.div(q.add(eps)).add(eps).log()).sum(1);
    };
    return direction(image, text).add(direction(text, image));
  },
});
