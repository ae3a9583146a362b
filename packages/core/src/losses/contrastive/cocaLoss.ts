import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { integer, nonNegative, oneOf } from "../../loss/options.js";
import { indexEntropy } from "../../math/entropy.js";
import { pairLogits, symmetricEntropy } from "../../math/pairLogits.js";

export interface CocaLossOptions {
  /** What the contrastive part counts; ≥ 0. Default 1; 0 leaves it out. */
  readonly contrastiveWeight: number;
  /** What the captions count; ≥ 0. Default 2. */
  readonly captionWeight: number;
  /** The label of padding, which no caption is scored for. Default 0. */
  readonly padId: number;
  /** Default `"mean"`; each part is reduced on its own. */
  readonly reduction: "mean" | "sum";
}

/**
 * CLIP's loss and the cross-entropy of captions, weighted.
 *
 * `contrastiveWeight · clip(image, text) + captionWeight · CE(captionLogits, captionLabels)`
 *
 * Inputs: `image`, `text` of shape (N, D), `logitScale`, a scalar, as in clipLoss; `captionLogits` (N, L, V); `captionLabels`
 * (N, L), int32 or int64. The mean over captions divides by the number of labels that are not `padId`; without any it is NaN. Returns
 * a scalar; its parts `contrastive` and `caption`, without their weights, can be read. Equals the sum of what `open_clip.CoCaLoss`
 * returns.
 *
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
  summary: "CLIP's loss and the cross-entropy of captions, weighted.",
  formula: "contrastiveWeight * clip(image, text) + captionWeight * CE(captionLogits, captionLabels)",
  notes: [
    "open_clip gives the two parts; this is their sum, and parts reads each without its weight.",
    "Labels of padding are outside the mean; if there are no others it is NaN.",
    "A contrastive part of weight 0 is left out; captions of weight 0 are multiplied by it, and stay NaN where they are, as in open_clip.",
  ],
  references: ["Yu et al.: CoCa: Contrastive Captioners are Image-Text Foundation Models, TMLR 2022"],
  aliases: ["CoCaLoss", "CoCa", "contrastiveCaptionerLoss"],
  inputs: {
    image: float(["N", "D"], "Normalised image embeddings."),
    text: float(["N", "D"], "Normalised text embeddings, row i belonging to image i."),
    logitScale: parameter([], "Factor of the similarities."),
    captionLogits: float(["N", "L", "V"], "Logits of each word of each caption."),
    captionLabels: labels(["N", "L"], "The words.", { below: "V", except: "padId" }),
  },
  options: {
    contrastiveWeight: nonNegative(1, "What the contrastive part counts."),
    captionWeight: nonNegative(2, "What the captions count."),
    padId: integer(0, "The label of padding."),
    reduction: oneOf(["mean", "sum"], "mean", "How the values of each part become its result."),
  },
  value({ image, text, logitScale, captionLogits, captionLabels }, { contrastiveWeight, captionWeight, padId }) {
    const contrastive = { part: symmetricEntropy(pairLogits(image, text, logitScale)), weight: contrastiveWeight };
    const [words] = indexEntropy(captionLogits.logSoftmax(2), captionLabels, { axis: 2, ignoreIndex: padId });
    const caption = { part: words, weight: captionWeight };
    return { parts: contrastiveWeight > 0 ? { contrastive, caption } : { caption } };
  },
});
