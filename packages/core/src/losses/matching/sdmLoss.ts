import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels as labelInput, parameter } from "../../loss/inputs.js";
import { positive, reduction, type ReductionOption } from "../../loss/options.js";
import { labelMatches, projectionDivergence } from "../../math/matching.js";
import { normalize } from "../../math/norm.js";

export interface SdmLossOptions extends ReductionOption {
  /** Added to the matching distribution; keeps its logarithm finite. Default 1e-8. */
  readonly eps: number;
}

/**
 * Divergence of scaled cosine similarities from the true matches, in both directions.
 *
 * `Σ_j p_ij (log p_ij − log(q_ij + eps))`, `p_i = softmax_j(logitScale · cos(x_i, z_j))`, `q_ij = m_ij / Σ_k m_ik`,
 * plus the same with image and text exchanged; `m_ij` is 1 where the labels agree.
 *
 * Inputs: `image`, `text` of shape (N, D); `labels` of shape (N), integers; `logitScale`, a scalar, the inverse
 * temperature (50 in the paper). Returns (N) with `reduction: "none"`, else a scalar. Norms count as at least 1e-8.
 *
 * @formula `sum_j p_ij (log p_ij - log(q_ij + eps)), p_i = softmax_j(logitScale cos_ij), image to text, plus text to
 * image`
 * @input image - Image embeddings.
 * @input text - Text embeddings, row i belonging to image i.
 * @input labels - Identity of each pair; equal labels match.
 * @input logitScale - Factor of the similarities.
 * @note It is cmpmLoss on cosines with a temperature: both modalities are normalised, and logitScale sharpens the
 * similarities.
 * @note logitScale is the factor itself, 1 / 0.02 in the paper, not a temperature.
 * @note A pair that does not match has q = 0 and costs about p * log(p / eps): eps is a real hyper-parameter.
 * @note {@link shortestNorm}
 * @see Jiang, Ye: Cross-Modal Implicit Relation Reasoning and Aligning (IRRA), CVPR 2023
 * @throws OptionError if eps is not > 0; ShapeError on sizes that differ; DTypeError on labels that are not integers.
 * @example
 * ```ts
 * const loss = await backend.compile(sdmLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, labels: [0, 1, 1, 2], logitScale: 1 / 0.02 });
 * ```
 */
export const sdmLoss: Loss<SdmLossOptions, { image: "float"; text: "float"; labels: "index"; logitScale: "float" }> =
  defineLoss({
    name: "sdmLoss",
    family: "matching",
    aliases: ["SDM", "similarityDistributionMatching"],
    inputs: { image: float(["N", "D"]), text: float(["N", "D"]), labels: labelInput(["N"]), logitScale: parameter([]) },
    options: { eps: positive(1e-8), reduction: reduction() },
    value({ image, text, labels, logitScale }, { eps }) {
      const matches = labelMatches(labels, image.dtype);
      const q = matches.div(matches.sum(1, true));
      const logits = normalize(image).mul(logitScale).matmul(normalize(text).transpose());
      return projectionDivergence(logits, q, eps).add(projectionDivergence(logits.transpose(), q, eps));
    },
  });
