import { defineLoss, type Loss } from "../../loss/define.js";
import { nonNegative, positive } from "../../loss/options.js";
import {
  overlapInputs,
  overlapLoss,
  overlapOptionalInputs,
  overlapOptions,
  type OverlapOptions,
} from "../../loss/overlapLoss.js";

export interface TverskyLossOptions extends OverlapOptions {
  /** Weight of what is predicted and not true. Default 0.5. */
  readonly alpha: number;
  /** Weight of what is true and not predicted. Default 0.5. */
  readonly beta: number;
  /** Power of the whole loss. Default 1. */
  readonly gamma: number;
}

/**
 * How little a prediction and the truth overlap, false positives and false negatives weighed apart.
 *
 * `(1 − (I + smooth) / (I + alpha (P − I) + beta (T − I) + smooth))^gamma`: I is what both have, P and T what is
 * predicted and true
 *
 * Inputs: `input` (N, C, d₁…), logits; `target`, class indices (N, d₁…) or the truth of each class in the shape of
 * `input`; optional `weight` (C) and `classes` (C), those that count. Returns a scalar. All else is as in `diceLoss`.
 * Equals TverskyLoss of segmentation-models-pytorch where targets are 0 or 1; gamma is the power of the mean, as there.
 *
 * @formula `(1 - (I + smooth) / (I + alpha (P - I) + beta (T - I) + smooth))^gamma`
 * @input input - Logits, or probabilities without fromLogits.
 * @input target - Class indices. Or: The truth of each class, 0 or 1 or between.
 * @input weight - Weight of each class.
 * @input classes - Classes that count.
 * @note alpha weighs false positives and beta false negatives; keras has the names the other way round.
 * @note gamma is the power of the mean; the focal Tversky paper raises each class to 1 / gamma.
 * @see Salehi, Erdogmus, Gholipour: Tversky Loss Function for Image Segmentation, 2017
 * @see Abraham, Khan: A Novel Focal Tversky Loss Function, ISBI 2019
 * @throws InputError on an index outside [0, C); OptionError on a negative weight, or gamma that is not > 0.
 * @example
 * ```ts
 * const loss = await backend.compile(tverskyLoss({ mode: "binary", alpha: 0.3, beta: 0.7 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [[[2, -1], [0, 1]]], target: [[[1, 0], [0, 1]]] });
 * ```
 */
export const tverskyLoss: Loss<
  TverskyLossOptions,
  { input: "float"; target: "index" | "number"; weight?: "fixed"; classes?: "mask" }
> = defineLoss({
  name: "tverskyLoss",
  family: "segmentation",
  aliases: ["TverskyLoss", "tversky_loss", "Tversky", "focalTverskyLoss"],
  inputs: overlapInputs,
  optionalInputs: overlapOptionalInputs,
  options: { alpha: nonNegative(0.5), beta: nonNegative(0.5), gamma: positive(1), ...overlapOptions },
  value: (tensors, { alpha, beta, gamma, ...options }) =>
    overlapLoss("tverskyLoss", tensors, options, { alpha, beta }).pow(gamma),
});
