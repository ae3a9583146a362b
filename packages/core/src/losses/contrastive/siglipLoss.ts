import { defineLoss, type Loss } from "../../loss/define.js";
import { float, parameter } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { pairLogits } from "../../math/pairLogits.js";
import { diagonalMask } from "../../math/select.js";

export type SiglipLossOptions = ReductionOption;

/**
 * Every image with every text is a yes-or-no question of its own.
 *
 * Inputs: `image`, `text` of shape (N, D), already normalised by the caller; `logitScale`, a scalar, already
 * exponentiated; `logitBias`, a scalar. Returns (N) with `reduction: "none"`, else a scalar: the mean is the sum over
 * all N² pairs divided by N. Equals `open_clip.SigLipLoss` on one device. Training starts from logitScale 10 and
 * logitBias −10.
 *
 * @formula `sum_j softplus(-z_ij * l_ij), l = logitScale * image @ text^T + logitBias, z_ij = 1 if i = j else -1`
 * @input image - Normalised image embeddings.
 * @input text - Normalised text embeddings, row i belonging to image i.
 * @input logitScale - Factor of the similarities.
 * @input logitBias - Added to every similarity.
 * @note Embeddings are taken as they are: normalise them first.
 * @note The mean divides the sum over all pairs by the number of images, not of pairs.
 * @note logitScale is the factor itself (exp of the learned parameter).
 * @see Zhai, Mustafa, Kolesnikov, Beyer: Sigmoid Loss for Language Image Pre-Training, ICCV 2023
 * @throws ShapeError if image and text differ in size; InputError if logitScale or logitBias is missing.
 * @example
 * ```ts
 * const loss = await backend.compile(siglipLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, logitScale: 10, logitBias: -10 });
 * ```
 */
export const siglipLoss: Loss<
  SiglipLossOptions,
  { image: "float"; text: "float"; logitScale: "float"; logitBias: "float" }
> = defineLoss({
  name: "siglipLoss",
  family: "contrastive",
  aliases: ["SigLipLoss", "SigLIP", "sigmoidContrastiveLoss"],
  inputs: { image: float(["N", "D"]), text: float(["N", "D"]), logitScale: parameter([]), logitBias: parameter([]) },
  options: { reduction: reduction() },
  value({ image, text, logitScale, logitBias }) {
    const logits = pairLogits(image, text, logitScale, logitBias);
    // −log σ(z l) = softplus(−z l)
    return diagonalMask(logits).where(logits.neg(), logits).softplus().sum(1);
  },
});
