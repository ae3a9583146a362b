import { defineLoss, type Loss } from "../../loss/define.js";
import { reduction, type Reduction } from "../../loss/options.js";
import { captionInputs, matchingCost, matchingOptions, scoreInput, type MatchingOptions } from "../../math/matching.js";

export interface MmcaLossOptions extends MatchingOptions {
  /** Keep only the hardest negative of each row and column. Default true. */
  readonly maxViolation: boolean;
  /** How the values become the result; `none` returns them as they are. Default `"sum"`. */
  readonly reduction: Reduction;
}

/**
 * Hinges with the hardest negatives on the sum of a self-attended and a cross-attended similarity.
 *
 * The matching loss of MMCA: hinges with the hardest negatives on the sum of two similarities, one of embeddings that
 * attend to their own modality, one of embeddings that attend to both.
 *
 * `max_k max(0, margin + S_rk − S_rj) + max_i max(0, margin + S_ij − S_rj)`, `S = selfScores + crossScores`
 *
 * Inputs: `selfScores` and `crossScores` (N, M), images in rows and captions in columns; optional `labels` (M) and
 * `matches` (N, M), as of vseLoss. Returns (M) with `reduction: "none"`, else a scalar.
 *
 * @formula `vseLoss on S = selfScores + crossScores, with maxViolation`
 * @input selfScores - Similarities of embeddings that attend to their own modality.
 * @input crossScores - Similarities of embeddings that attend to both modalities.
 * @input labels - The image that each caption belongs to; without them caption i belongs to image i.
 * @input matches - Pairs that are no negatives, besides the captions' own.
 * @note The paper's matching loss is that of VSE++; what is new is the network that gives the scores. mmcaTripletLoss
 * takes explicit negatives.
 * @note Captions of one image are no negatives of each other: labels give each caption its image, and there may be more
 * captions than images. A pair that matches besides (an image that occurs twice) is left out by matches.
 * @note With maxViolation the loss of a collapsed encoder is exactly 2 * margin for each caption: training that stays
 * there has not begun to learn.
 * @note semiHard leaves out negatives at least as similar as the match. softMargin keeps the margin inside: log(1 +
 * exp(margin + s- - s+)).
 * @see Wei, Zhang, Li, Zhang, Wu: Multi-Modality Cross Attention Network for Image and Sentence Matching, CVPR 2020
 * @throws OptionError if margin is < 0; InputError on a label that names no image; ShapeError on other shapes.
 * @example
 * ```ts
 * const loss = await backend.compile(mmcaLoss());
 * const { value, grads } = await loss.valueAndGrad({ selfScores, crossScores });
 * ```
 */
export const mmcaLoss: Loss<
  MmcaLossOptions,
  { selfScores: "float"; crossScores: "float"; labels?: "index"; matches?: "mask" }
> = defineLoss({
  name: "mmcaLoss",
  family: "matching",
  aliases: ["crossAttentionMatchingLoss"],
  inputs: {
    selfScores: scoreInput(),
    crossScores: scoreInput(),
  },
  optionalInputs: captionInputs,
  options: { ...matchingOptions(true), reduction: reduction("sum") },
  value: ({ selfScores, crossScores, ...captions }, options) =>
    matchingCost(selfScores.add(crossScores), captions, options),
});
