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

export interface MmcaLossOptions extends MatchingOptions {
  /** Default `"sum"`. */
  readonly reduction: Reduction;
}

/**
 * The matching loss of MMCA: hinges with the hardest negatives on the sum of two similarities, one of embeddings that attend to
 * their own modality, one of embeddings that attend to both.
 *
 * `max_k max(0, margin + S_rk − S_rj) + max_i max(0, margin + S_ij − S_rj)`, `S = selfScores + crossScores`
 *
 * Inputs: `selfScores` and `crossScores` (N, M), images in rows and captions in columns; optional `labels` (M) and `matches`
 * (N, M), as of vseLoss. Returns (M) with `reduction: "none"`, else a scalar.
 *
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
  summary: "Hinges with the hardest negatives on the sum of a self-attended and a cross-attended similarity.",
  formula: "vseLoss on S = selfScores + crossScores, with maxViolation",
  notes: [
    "The paper's matching loss is that of VSE++; what is new is the network that gives the scores. mmcaTripletLoss takes explicit negatives.",
    ...matchingNotes,
  ],
  references: [
    "Wei, Zhang, Li, Zhang, Wu: Multi-Modality Cross Attention Network for Image and Sentence Matching, CVPR 2020",
  ],
  aliases: ["crossAttentionMatchingLoss"],
  inputs: {
    selfScores: scoreInput("Similarities of embeddings that attend to their own modality."),
    crossScores: scoreInput("Similarities of embeddings that attend to both modalities."),
  },
  optionalInputs: captionInputs,
  options: { ...matchingOptions(true), reduction: reduction("sum") },
  value: ({ selfScores, crossScores, ...captions }, options) =>
    matchingCost(selfScores.add(crossScores), captions, options),
});
