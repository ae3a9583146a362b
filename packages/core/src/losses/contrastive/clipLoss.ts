import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";
import { diagonal } from "../../math/select.js";

export interface ClipLossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Symmetric cross-entropy over the similarities of every image with every text of the batch.
 *
 * `½ (CE(Z, 0…N−1) + CE(Zᵀ, 0…N−1))`, `Z = logitScale · image · textᵀ + logitBias`
 *
 * Inputs: `image`, `text` of shape (N, D), already normalised by the caller; `logitScale`, a scalar, already
 * exponentiated; optional `logitBias`, a scalar. Returns (N) with `reduction: "none"`, else a scalar.
 * Equals `open_clip.ClipLoss` on one device. The scale is not clamped here; training code usually keeps it ≤ 100.
 *
 * @throws ShapeError if image and text differ in size; InputError if logitScale is missing.
 * @example
 * ```ts
 * const loss = await backend.compile(clipLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, logitScale: 1 / 0.07 });
 * ```
 */
export const clipLoss: Loss<ClipLossOptions, "image" | "text" | "logitScale", "logitBias"> = defineLoss({
  name: "clipLoss",
  family: "contrastive",
  summary: "Symmetric cross-entropy over the similarities of every image with every text of the batch.",
  formula: "1/2 (CE(Z, 0..N-1) + CE(Z^T, 0..N-1)), Z = logitScale * image @ text^T + logitBias",
  notes: [
    "Embeddings are taken as they are: normalise them first.",
    "logitScale is the factor itself (exp of the learned parameter), not a temperature: 1 / 0.07, not 0.07.",
  ],
  references: ["Radford et al.: Learning Transferable Visual Models From Natural Language Supervision, ICML 2021"],
  aliases: ["ClipLoss", "InfoNCE", "infoNceLoss", "MultipleNegativesSymmetricRankingLoss"],
  inputs: {
    image: float(["N", "D"], "Normalised image embeddings."),
    text: float(["N", "D"], "Normalised text embeddings, row i belonging to image i."),
    logitScale: float([], "Factor of the similarities."),
  },
  optionalInputs: {
    logitBias: float([], "Added to every similarity."),
  },
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
