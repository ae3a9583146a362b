import { defineLoss, type Loss } from "../../loss/define.js";
import { byPresence, float, labels } from "../../loss/inputs.js";
import { oneOf, positive, reduction, type Reduction } from "../../loss/options.js";
import {
  aggregations,
  attentionNorms,
  crossAttention,
  type Aggregation,
  type AttentionNorm,
} from "../../math/crossAttention.js";
import { captionInputs, matchingCost, matchingOptions, type MatchingOptions } from "../../math/matching.js";

export interface ScanLossOptions extends MatchingOptions {
  /** Words attend to regions, or regions to words. Default `"t2i"`. */
  readonly direction: "t2i" | "i2t";
  /** How similarities of fragments become one of image and caption. Default `"logSumExp"`. */
  readonly aggregation: Aggregation;
  /** How similarities are normalised over the attending fragments. Default `"clippedL2norm"`. */
  readonly normalization: AttentionNorm;
  /** Inverse temperature of the attention. Default 9. */
  readonly lambdaSoftmax: number;
  /** Inverse temperature of logSumExp. Default 6. */
  readonly lambdaLse: number;
  /** How the values become the result; `none` returns them as they are. Default `"sum"`, as in the authors' code. */
  readonly reduction: Reduction;
}

/**
 * Words attend to image regions, or regions to words; hinges tell the scores of matching pairs from the others.
 *
 * t2i: `a_rl = softmax_r(λ · norm_l(v_r · w_l))`, `S = agg_l cos(w_l, Σ_r a_rl v_r)`; i2t with the roles exchanged;
 * then the hinges of vseLoss on S
 *
 * Inputs: `regions` (N, R, D), `words` (M, L, D), optional `wordLengths` (M): words from there on are padding, which
 * has gradient 0. Optional `labels` (M) and `matches` (N, M) as of vseLoss. Returns (M) with `reduction: "none"`, else
 * a scalar. N·M·R·L and N·M·(L or R)·D numbers are held.
 *
 * @formula `vseLoss on S = agg_l cos(w_l, sum_r softmax_r(lambda norm_l(v_r . w_l)) v_r); i2t: roles exchanged`
 * @input regions - Region features of each image.
 * @input words - Word features of each caption.
 * @input wordLengths - How many words each caption has; the rest is padding.
 * @input labels - The image that each caption belongs to; without them caption i belongs to image i.
 * @input matches - Pairs that are no negatives, besides the captions' own.
 * @note Words and regions are taken as they are; the authors normalise them to length 1 first.
 * @note The normalisation runs over the attending fragments. The clipped ones apply a leaky ReLU of slope 0.1. The
 * authors' "l1norm" and "clippedL1norm" name a function that their code lacks.
 * @note A zero fragment has similarity 0; the authors' code gives NaN gradients where all similarities of a fragment
 * are 0.
 * @note Aggregation by a sum or by logSumExp favours long captions.
 * @note Captions of one image are no negatives of each other: labels give each caption its image, and there may be more
 * captions than images. A pair that matches besides (an image that occurs twice) is left out by matches.
 * @note With maxViolation the loss of a collapsed encoder is exactly 2 * margin for each caption: training that stays
 * there has not begun to learn.
 * @note semiHard leaves out negatives at least as similar as the match. softMargin keeps the margin inside: log(1 +
 * exp(margin + s- - s+)).
 * @see Lee, Chen, Hua, Hu, He: Stacked Cross Attention for Image-Text Matching, ECCV 2018
 * @throws OptionError on an unknown direction, aggregation or normalisation, a λ that is not > 0 or a margin < 0;
 * InputError on a length outside [1, L] or a label that names no image; ShapeError on other shapes.
 * @example
 * ```ts
 * const loss = await backend.compile(scanLoss({ maxViolation: true }));
 * const { value, grads } = await loss.valueAndGrad({ regions, words, wordLengths: [7, 12, 9] });
 * ```
 */
export const scanLoss: Loss<
  ScanLossOptions,
  { regions: "float"; words: "float"; wordLengths?: "index"; labels?: "index"; matches?: "mask" }
> = defineLoss({
  name: "scanLoss",
  family: "matching",
  aliases: ["SCAN", "stackedCrossAttention"],
  inputs: {
    regions: float(["N", "R", "D"]),
    words: byPresence("labels", {
      given: float(["M", "L", "D"]),
      absent: float(["N", "L", "D"]),
    }),
  },
  optionalInputs: {
    wordLengths: byPresence("labels", {
      given: labels(["M"], { from: 1, atMost: "L" }),
      absent: labels(["N"], { from: 1, atMost: "L" }),
    }),
    ...captionInputs,
  },
  options: {
    direction: oneOf(["t2i", "i2t"], "t2i"),
    aggregation: oneOf(aggregations, "logSumExp"),
    normalization: oneOf(attentionNorms, "clippedL2norm"),
    lambdaSoftmax: positive(9),
    lambdaLse: positive(6),
    ...matchingOptions(),
    reduction: reduction("sum"),
  },
  value({ regions, words, wordLengths, ...captions }, { direction, ...options }) {
    const valid = wordLengths && words.iota(1).squeeze(1).less(wordLengths.unsqueeze(1));
    const text = { x: valid === undefined ? words : valid.unsqueeze(2).where(words, 0), valid };
    const image = { x: regions, valid: undefined };
    const scores =
      direction === "t2i" ? crossAttention(text, image, options) : crossAttention(image, text, options).transpose();
    return matchingCost(scores, captions, options);
  },
});
