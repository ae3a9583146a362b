import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { diagonal } from "../../math/select.js";

export type ClipLossOptions = ReductionOption;

/**
 * Symmetric cross-entropy over the similarities of every image with every text of the batch.
 *
 * Equals `open_clip.ClipLoss` on one device. The scale is not clamped here; training code usually keeps it ≤ 100.
 * Returns (N) with `reduction: "none"`, else a scalar.
 *
 * @formula `1/2 (CE(Z, 0..N-1) + CE(Z^T, 0..N-1)), Z = logitScale * image @ text^T + logitBias`
 * @input image - Normalised image embeddings.
 * @input text - Normalised text embeddings, row i belonging to image i.
 * @input logitScale - Factor of the similarities.
 * @input logitBias - Added to every similarity.
 * @note Embeddings are taken as they are: normalise them first.
 * @note logitScale is the factor itself (exp of the learned parameter), not a temperature: 1 / 0.07, not 0.07.
 * @see Radford et al.: Learning Transferable Visual Models From Natural Language Supervision, ICML 2021
 * @throws ShapeError if image and text differ in size; InputError if logitScale is missing.
 * @example
 * ```ts
 * const loss = await backend.compile(clipLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, logitScale: 1 / 0.07 });
 * ```
 */
export const clipLoss: Loss<
  ClipLossOptions,
  { image: "float"; text: "float"; logitScale: "float"; logitBias?: "float" }
> = defineLoss({
  name: "clipLoss",
  family: "contrastive",
  aliases: ["ClipLoss", "InfoNCE", "infoNceLoss", "MultipleNegativesSymmetricRankingLoss"],
  inputs: { image: float(["N", "D"]), text: float(["N", "D"]), logitScale: float([]) },
  optionalInputs: { logitBias: float([]) },
  options: { reduction: reduction() },
  value({ image, text, logitScale, logitBias }) {
    // Scaling N·D numbers is less than scaling N·N.
    const scaled = image.mul(logitScale).matmul(text.transpose());
    const logits = logitBias === undefined ? scaled : scaled.add(logitBias);
    return diagonal(logits.logSoftmax(1))
      .add(diagonal(logits.logSoftmax(0)))
      .mul(-0.5);
  },
});
