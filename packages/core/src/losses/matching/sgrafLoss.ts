import { defineLoss, type Loss } from "../../loss/define.js";
import { reduction, type Reduction } from "../../loss/options.js";
import { captionInputs, matchingCost, matchingOptions, scoreInput, type MatchingOptions } from "../../math/matching.js";

export interface SgrafLossOptions extends MatchingOptions {
  /** Keep only the hardest negative of each row and column. Default true. */
  readonly maxViolation: boolean;
  /** How the values become the result; `none` returns them as they are. Default `"sum"`, as in the authors' code. */
  readonly reduction: Reduction;
}

/**
 * The hardest negative caption and image of each pair, on scores that a similarity network gives.
 *
 * Input: `scores` (N, M), images in rows and captions in columns; optional `labels` (M) and `matches` (N, M), as of
 * vseLoss, which this is with `maxViolation: true` by default. Returns (M) with `reduction: "none"`, else a scalar.
 *
 * @formula `max_k [margin + S_rk - S_rj]+ + max_i [margin + S_ij - S_rj]+ for caption j of image r`
 * @input scores - Similarities: images in rows, captions in columns.
 * @input labels - The image that each caption belongs to; without them caption i belongs to image i.
 * @input matches - Pairs that are no negatives, besides the captions' own.
 * @note It is vseLoss on given scores with maxViolation on by default. The divergence that the survey describes for
 * this paper is cmpmLoss; the paper trains with these hinges.
 * @note Captions of one image are no negatives of each other: labels give each caption its image, and there may be more
 * captions than images. A pair that matches besides (an image that occurs twice) is left out by matches.
 * @note With maxViolation the loss of a collapsed encoder is exactly 2 * margin for each caption: training that stays
 * there has not begun to learn.
 * @note semiHard leaves out negatives at least as similar as the match. softMargin keeps the margin inside: log(1 +
 * exp(margin + s- - s+)).
 * @see Diao, Zhang, Ma, Lu: Similarity Reasoning and Filtration for Image-Text Matching, AAAI 2021
 * @throws OptionError if margin is < 0; InputError on a label that names no image; ShapeError on other shapes.
 * @example
 * ```ts
 * const loss = await backend.compile(sgrafLoss());
 * const { value, grads } = await loss.valueAndGrad({ scores });
 * ```
 */
export const sgrafLoss: Loss<SgrafLossOptions, { scores: "float"; labels?: "index"; matches?: "mask" }> = defineLoss({
  name: "sgrafLoss",
  family: "matching",
  aliases: ["SGRAF", "SGR", "SAF"],
  inputs: { scores: scoreInput() },
  optionalInputs: captionInputs,
  options: { ...matchingOptions(true), reduction: reduction("sum") },
  value: ({ scores, ...captions }, options) => matchingCost(scores, captions, options),
});
