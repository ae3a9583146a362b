import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { pairLogits, symmetricEntropy } from "../../math/pairLogits.js";
import type { Tensor } from "../../tensor/tensor.js";

export type ClipLossOptions = ReductionOption;

/**
 * Symmetric cross-entropy over the similarities of every image with every text of the batch.
 *
 * Inputs: `image` (N, D) and `text` (M, D), M ≥ N, already normalised by the caller: text i belongs to image i, and
 * what texts there are besides are negatives of all images. `logitScale`, a scalar, already exponentiated; optional
 * `logitBias`, a scalar. Optional `target` (N, M): soft targets in place of the diagonal, taken by rows for the texts
 * of an image and by columns for the images of a text; then M may be any number. Returns (N) with `reduction: "none"`,
 * which soft targets lack, else a scalar. Equals `open_clip.ClipLoss` on one device. The scale is not clamped here;
 * training code usually keeps it ≤ 100.
 *
 * @formula `1/2 (CE(Z, 0..N-1) + CE(Z^T, 0..N-1)), Z = logitScale * image @ text^T + logitBias`
 * @input image - Normalised image embeddings.
 * @input text - Normalised text embeddings, row i belonging to image i.
 * @input logitScale - Factor of the similarities.
 * @input logitBias - Added to every similarity.
 * @input target - Soft targets: how much each text belongs to each image.
 * @note Embeddings are taken as they are: normalise them first.
 * @note logitScale is the factor itself (exp of the learned parameter), not a temperature: 1 / 0.07, not 0.07.
 * @note Texts beyond the number of images are negatives that belong to none of them.
 * @note Soft targets are used as they are: rows that sum to 1 for images, columns that sum to 1 for texts.
 * @see Radford et al.: Learning Transferable Visual Models From Natural Language Supervision, ICML 2021
 * @throws ShapeError if there are fewer texts than images, or with soft targets and `reduction: "none"`.
 * @example
 * ```ts
 * const loss = await backend.compile(clipLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, logitScale: 1 / 0.07 });
 * ```
 */
export const clipLoss: Loss<
  ClipLossOptions,
  { image: "float"; text: "float"; logitScale: "float"; logitBias?: "float"; target?: "float" }
> = defineLoss({
  name: "clipLoss",
  family: "contrastive",
  aliases: ["ClipLoss", "CLIP"],
  inputs: { image: float(["N", "D"]), text: float(["M", "D"]), logitScale: float([]) },
  optionalInputs: { logitBias: float([]), target: float(["N", "M"]) },
  options: { reduction: reduction() },
  value({ image, text, logitScale, logitBias, target }) {
    const logits = pairLogits(image, text, logitScale, logitBias);
    if (target === undefined) return symmetricEntropy(logits);
    const entropy = (axis: number): Tensor => logits.logSoftmax(axis).mul(target).sum(axis).mul(-0.5);
    return { terms: [entropy(1), entropy(0)] };
  },
});
