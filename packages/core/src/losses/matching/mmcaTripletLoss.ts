import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { finite, oneOf, reduction, type Reduction } from "../../loss/options.js";
import { cosineSimilarity, euclideanDistance } from "../../math/distance.js";
import { shortNormNote } from "../../math/norm.js";

export interface MmcaTripletLossOptions {
  /** The margin of both hinges; any finite number. Default 0.2. */
  readonly margin: number;
  /** `"distance"` (Euclidean, default) or `"similarity"` (cosine). */
  readonly measure: "distance" | "similarity";
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The bidirectional triplet loss of image-text matching: one negative caption and one negative image for each pair.
 *
 * distance: `max(0, d(i, t) − d(i, t⁻) + margin) + max(0, d(i, t) − d(i⁻, t) + margin)`
 *
 * similarity: `max(0, margin − s(i, t) + s(i, t⁻)) + max(0, margin − s(i, t) + s(i⁻, t))`
 *
 * Inputs: `image`, `text`, `negativeText`, `negativeImage`, each (D) or (N, D). Returns (N) with `reduction: "none"`,
 * else a scalar. `d` is the Euclidean norm (gradient 0 between equal vectors), `s` PyTorch's `cosine_similarity`; at
 * a hinge's kink the gradient is that of the active side. PyTorch has no such loss.
 *
 * @throws OptionError on a non-finite margin or unknown measure; ShapeError on sizes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(mmcaTripletLoss({ margin: 0.2, measure: "similarity" }));
 * const { value } = await loss.valueAndGrad({ image, text, negativeText, negativeImage });
 * ```
 */
export const mmcaTripletLoss: Loss<MmcaTripletLossOptions, "image" | "text" | "negativeText" | "negativeImage"> =
  defineLoss({
    name: "mmcaTripletLoss",
    family: "matching",
    summary: "The bidirectional triplet loss of image-text matching, with a negative caption and a negative image.",
    formula:
      "max(0, d(i, t) - d(i, t-) + margin) + max(0, d(i, t) - d(i-, t) + margin), or the same over similarities with the signs turned",
    notes: [
      "The survey calls the caption in the first hinge a positive; it is a negative: the matched pair (i, t) is in both hinges.",
      "Similarities enter with the opposite sign of distances.",
      shortNormNote,
    ],
    references: [
      "Wei, Zhang, Li, Zhang, Wu: Multi-Modality Cross Attention Network for Image and Sentence Matching, CVPR 2020",
    ],
    aliases: ["MMCA", "bidirectionalTripletLoss"],
    inputs: {
      image: float(["N?", "D"], "Image embeddings."),
      text: float(["N?", "D"], "The captions that belong to the images."),
      negativeText: float(["N?", "D"], "Captions that do not belong to the images."),
      negativeImage: float(["N?", "D"], "Images that do not belong to the captions."),
    },
    options: {
      margin: finite(0.2, "The margin of both hinges."),
      measure: oneOf(["distance", "similarity"], "distance", "Euclidean distance or cosine similarity."),
      reduction: reduction(),
    },
    value({ image, text, negativeText, negativeImage }, { margin, measure }) {
      // A similarity is a distance with the sign turned: max(0, m − s⁺ + s⁻) = max(0, m + d⁺ − d⁻) for d = −s.
      const d =
        measure === "distance" ? euclideanDistance : (x: typeof image, y: typeof image) => cosineSimilarity(x, y).neg();
      const matched = d(image, text);
      const caption = matched.sub(d(image, negativeText)).add(margin).clampMin(0);
      const picture = matched.sub(d(negativeImage, text)).add(margin).clampMin(0);
      return caption.add(picture);
    },
  });
