import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { finite, oneOf, reduction, type ReductionOption } from "../../loss/options.js";
import { cosineSimilarity, euclideanDistance } from "../../math/distance.js";

export interface MmcaTripletLossOptions extends ReductionOption {
  /** The margin of both hinges. Default 0.2. */
  readonly margin: number;
  /** Euclidean distance or cosine similarity. Default `"distance"`. */
  readonly measure: "distance" | "similarity";
}

/**
 * The bidirectional triplet loss of image-text matching, with a negative caption and a negative image.
 *
 * Returns (N) with `reduction: "none"`, else a scalar. `d` is the Euclidean norm (gradient 0 between equal vectors),
 * `s` PyTorch's `cosine_similarity`; at a hinge's kink the gradient is that of the active side.
 *
 * @formula `max(0, d(i, t) - d(i, t-) + margin) + max(0, d(i, t) - d(i-, t) + margin), or the same over similarities
 * with the signs turned`
 * @input image - Image embeddings.
 * @input text - The captions that belong to the images.
 * @input negativeText - Captions that do not belong to the images.
 * @input negativeImage - Images that do not belong to the captions.
 * @note The survey calls the caption in the first hinge a positive; it is a negative: the matched pair (i, t) is in
 * both hinges.
 * @note Similarities enter with the opposite sign of distances.
 * @note {@link shortestNorm}
 * @see Wei, Zhang, Li, Zhang, Wu: Multi-Modality Cross Attention Network for Image and Sentence Matching, CVPR 2020
 * @throws OptionError on a non-finite margin or unknown measure; ShapeError on sizes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(mmcaTripletLoss({ margin: 0.2, measure: "similarity" }));
 * const { value } = await loss.valueAndGrad({ image, text, negativeText, negativeImage });
 * ```
 */
export const mmcaTripletLoss: Loss<
  MmcaTripletLossOptions,
  { image: "float"; text: "float"; negativeText: "float"; negativeImage: "float" } & Sampled
> = defineLoss({
  name: "mmcaTripletLoss",
  family: "matching",
  aliases: ["MMCA", "bidirectionalTripletLoss"],
  inputs: {
    image: float(["N?", "D"]),
    text: float(["N?", "D"]),
    negativeText: float(["N?", "D"]),
    negativeImage: float(["N?", "D"]),
  },
  optionalInputs: sampleInputs(["N?"]),
  options: { margin: finite(0.2), measure: oneOf(["distance", "similarity"], "distance"), reduction: reduction() },
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
