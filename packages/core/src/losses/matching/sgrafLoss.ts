import { defineLoss, type Loss } from "../../loss/define.js";
import { reduction, type Reduction } from "../../loss/options.js";
import {
  captionInputs,
  matchingCost,
  matchingNotes,
  matchingOptions,
  scoreInput,
  type MatchingOptions,
} from "../../math/matching.js";

export interface SgrafLossOptions extends MatchingOptions {
  /** Default `"sum"`, as in the authors' code. */
  readonly reduction: Reduction;
}

/**
 * The matching loss of SGRAF: the hardest negative caption and image of each pair, on scores that a similarity network gives.
 *
 * `max_k max(0, margin + S_rk − S_rj) + max_i max(0, margin + S_ij − S_rj)` for caption j of image r
 *
 * Input: `scores` (N, M), images in rows and captions in columns; optional `labels` (M) and `matches` (N, M), as of vseLoss,
 * which this is with `maxViolation: true` by default. Returns (M) with `reduction: "none"`, else a scalar.
 *
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
  summary: "The hardest negative caption and image of each pair, on scores that a similarity network gives.",
  formula: "max_k [margin + S_rk - S_rj]+ + max_i [margin + S_ij - S_rj]+ for caption j of image r",
  notes: [
    "It is vseLoss on given scores with maxViolation on by default. The divergence that the survey describes for this paper is cmpmLoss; the paper trains with these hinges.",
    ...matchingNotes,
  ],
  references: ["Diao, Zhang, Ma, Lu: Similarity Reasoning and Filtration for Image-Text Matching, AAAI 2021"],
  aliases: ["SGRAF", "SGR", "SAF"],
  inputs: { scores: scoreInput("Similarities: images in rows, captions in columns.") },
  optionalInputs: captionInputs,
  options: { ...matchingOptions(true), reduction: reduction("sum") },
  value: ({ scores, ...captions }, options) => matchingCost(scores, captions, options),
});
