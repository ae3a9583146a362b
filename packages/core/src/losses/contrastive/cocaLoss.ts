import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { integer, nonNegative, oneOf } from "../../loss/options.js";
import { indexEntropy } from "../../math/entropy.js";
import { pairLogits, symmetricEntropy } from "../../math/pairLogits.js";

export interface CocaLossOptions {
  /** What the contrastive part counts. Default 1; 0 leaves it out. */
  readonly contrastiveWeight: number;
  /** What the captions count. Default 2. */
  readonly captionWeight: number;
  /** The label of padding. Default 0. */
  readonly padId: number;
  /** How the values of each part become its result. Default `"mean"`; each part is reduced on its own. */
  readonly reduction: "mean" | "sum";
}

/**
 * CLIP's loss and the cross-entropy of captions, weighted.
 *
 * Inputs: `image`, `text` of shape (N, D), `logitScale`, a scalar, as in clipLoss; `captionLogits` (N, L, V);
 * `captionLabels` (N, L), int32 or int64. The mean over captions divides by the number of labels that are not `padId`;
 * without any it is NaN. Returns a scalar; its parts `contrastive` and `caption`, without their weights, can be read.
 * Equals the sum of what `open_clip.CoCaLoss` returns.
 *
 * @formula `contrastiveWeight * clip(image, text) + captionWeight * CE(captionLogits, captionLabels)`
 * @input image - Normalised image embeddings.
 * @input text - Normalised text embeddings, row i belonging to image i.
 * @input logitScale - Factor of the similarities.
 * @input captionLogits - Logits of each word of each caption.
 * @input captionLabels - The words.
 * @note open_clip gives the two parts; this is their sum, and parts reads each without its weight.
 * @note Labels of padding are outside the mean; if there are no others it is NaN.
 * @note A contrastive part of weight 0 is left out; captions of weight 0 are multiplied by it, and stay NaN where they
 * are, as in open_clip.
 * @see Yu et al.: CoCa: Contrastive Captioners are Image-Text Foundation Models, TMLR 2022
 * @throws InputError on a label outside [0, V) that is not padId; OptionError if a weight is < 0.
 * @example
 * ```ts
 * const loss = await backend.compile(cocaLoss({ captionWeight: 1 }));
 * const { value } = await loss.valueAndGrad({ image, text, logitScale: 14, captionLogits, captionLabels });
 * ```
 */
export const cocaLoss: Loss<
  CocaLossOptions,
  { image: "float"; text: "float"; logitScale: "float"; captionLogits: "float"; captionLabels: "index" }
> = defineLoss({
  name: "cocaLoss",
  family: "contrastive",
  aliases: ["CoCaLoss", "CoCa", "contrastiveCaptionerLoss"],
  inputs: {
    image: float(["N", "D"]),
    text: float(["N", "D"]),
    logitScale: parameter([]),
    captionLogits: float(["N", "L", "V"]),
    captionLabels: labels(["N", "L"], { below: "V", except: "padId" }),
  },
  options: {
    contrastiveWeight: nonNegative(1),
    captionWeight: nonNegative(2),
    padId: integer(0),
    reduction: oneOf(["mean", "sum"], "mean"),
  },
  value({ image, text, logitScale, captionLogits, captionLabels }, { contrastiveWeight, captionWeight, padId }) {
    const contrastive = { part: symmetricEntropy(pairLogits(image, text, logitScale)), weight: contrastiveWeight };
    const [words] = indexEntropy(captionLogits.logSoftmax(2), captionLabels, { axis: 2, ignoreIndex: padId });
    const caption = { part: words, weight: captionWeight };
    return { parts: contrastiveWeight > 0 ? { contrastive, caption } : { caption } };
  },
});
