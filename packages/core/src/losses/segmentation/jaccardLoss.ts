import { defineLoss, type Loss } from "../../loss/define.js";
import {
  overlapInputs,
  overlapLoss,
  overlapOptionalInputs,
  overlapOptions,
  type OverlapOptions,
} from "../../loss/overlapLoss.js";

export interface JaccardLossOptions extends OverlapOptions {}

/**
 * How little a prediction and the truth overlap, as a share of their union.
 *
 * `1 − (I + smooth) / (P + T − I + smooth)`: I is what both have, P and T what is predicted and true
 *
 * Inputs: `input` (N, C, d₁…), logits; `target`, class indices (N, d₁…) or the truth of each class in the shape of
 * `input`; optional `weight` (C) and `classes` (C), those that count. Returns a scalar. All else is as in `diceLoss`.
 * Equals JaccardLoss of segmentation-models-pytorch where targets are 0 or 1.
 *
 * @formula `1 - (I + smooth) / (P + T - I + smooth)`
 * @input input - Logits, or probabilities without fromLogits.
 * @input target - Class indices. Or: The truth of each class, 0 or 1 or between.
 * @input weight - Weight of each class.
 * @input classes - Classes that count.
 * @note A class that the target lacks costs 0 and stays in the mean; absent says otherwise.
 * @throws InputError on an index outside [0, C); ShapeError on an input without classes, unless mode is "binary".
 * @example
 * ```ts
 * const loss = await backend.compile(jaccardLoss({ mode: "binary" }));
 * const { value, grads } = await loss.valueAndGrad({ input: [[[2, -1], [0, 1]]], target: [[[1, 0], [0, 1]]] });
 * ```
 */
export const jaccardLoss: Loss<
  JaccardLossOptions,
  { input: "float"; target: "index" | "number"; weight?: "fixed"; classes?: "mask" }
> = defineLoss({
  name: "jaccardLoss",
  family: "segmentation",
  aliases: ["JaccardLoss", "jaccard_loss", "iouLoss", "softIouLoss"],
  inputs: overlapInputs,
  optionalInputs: overlapOptionalInputs,
  options: overlapOptions,
  value: (tensors, options) => overlapLoss("jaccardLoss", tensors, options, { alpha: 1, beta: 1 }),
});
