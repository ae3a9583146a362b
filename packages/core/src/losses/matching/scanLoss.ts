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
import { captionInputs, matchingCost, matchingNotes, matchingOptions, type MatchingOptions } from "../../math/matching.js";

export interface ScanLossOptions extends MatchingOptions {
  /** `"t2i"` (default): words attend to regions; `"i2t"`: regions attend to words. */
  readonly direction: "t2i" | "i2t";
  /** How similarities of fragments become one of image and caption. Default `"logSumExp"`. */
  readonly aggregation: Aggregation;
  /** How similarities are normalised over the attending fragments, before attention. Default `"clippedL2norm"`. */
  readonly normalization: AttentionNorm;
  /** Inverse temperature of the attention; > 0. Default 9. */
  readonly lambdaSoftmax: number;
  /** Inverse temperature of `"logSumExp"`; > 0. Default 6. */
  readonly lambdaLse: number;
  /** Default `"sum"`, as in the authors' code. */
  readonly reduction: Reduction;
}

/**
 * Stacked cross attention: words attend to image regions (or regions to words), how well they agree is the score of image and
 * caption, and hinges tell matching scores from the others.
 *
 * t2i: `a_rl = softmax_r(λ · norm_l(v_r · w_l))`, `S = agg_l cos(w_l, Σ_r a_rl v_r)`; i2t with the roles exchanged; then the hinges
 * of vseLoss on S
 *
 * Inputs: `regions` (N, R, D), `words` (M, L, D), optional `wordLengths` (M): words from there on are padding, which has gradient 0.
 * Optional `labels` (M) and `matches` (N, M) as of vseLoss. Returns (M) with `reduction: "none"`, else a scalar.
 * Fragments are taken as they are: the authors normalise them first. N·M·R·L and N·M·(L or R)·D numbers are held.
 *
 * @throws OptionError on an unknown direction, aggregation or normalisation, a λ that is not > 0 or a margin < 0; InputError on a
 * length outside [1, L] or a label that names no image; ShapeError on other shapes.
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
  summary: "Words attend to image regions, or regions to words; hinges tell the scores of matching pairs from the others.",
  formula: "vseLoss on S = agg_l cos(w_l, sum_r softmax_r(lambda norm_l(v_r . w_l)) v_r); i2t: roles exchanged",
  notes: [
    "Words and regions are taken as they are; the authors normalise them to length 1 first.",
    'The normalisation runs over the attending fragments. The clipped ones apply a leaky ReLU of slope 0.1. The authors\' "l1norm" and "clippedL1norm" name a function that their code lacks.',
    "A zero fragment has similarity 0; the authors' code gives NaN gradients where all similarities of a fragment are 0.",
    "Aggregation by a sum or by logSumExp favours long captions.",
    ...matchingNotes,
  ],
  references: ["Lee, Chen, Hua, Hu, He: Stacked Cross Attention for Image-Text Matching, ECCV 2018"],
  aliases: ["SCAN", "stackedCrossAttention"],
  inputs: {
    regions: float(["N", "R", "D"], "Region features of each image."),
    words: byPresence("labels", {
      given: float(["M", "L", "D"], "Word features of each caption."),
      absent: float(["N", "L", "D"], "Word features of each caption."),
    }),
  },
  optionalInputs: {
    wordLengths: byPresence("labels", {
      given: labels(["M"], "How many words each caption has; the rest is padding.", { from: 1, atMost: "L" }),
      absent: labels(["N"], "How many words each caption has; the rest is padding.", { from: 1, atMost: "L" }),
    }),
    ...captionInputs,
  },
  options: {
    direction: oneOf(["t2i", "i2t"], "t2i", "Words attend to regions, or regions to words."),
    aggregation: oneOf(aggregations, "logSumExp", "How similarities of fragments become one of image and caption."),
    normalization: oneOf(
      attentionNorms,
      "clippedL2norm",
      "How similarities are normalised over the attending fragments.",
    ),
    lambdaSoftmax: positive(9, "Inverse temperature of the attention."),
    lambdaLse: positive(6, "Inverse temperature of logSumExp."),
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
