import { defineLoss, type Loss } from "../../loss/define.js";
import {
  overlapInputs,
  overlapLoss,
  overlapOptionalInputs,
  overlapOptions,
  type OverlapOptions,
} from "../../loss/overlapLoss.js";

export interface DiceLossOptions extends OverlapOptions {}

/**
 * How little a prediction and the truth overlap, as a share of the sum of both.
 *
 * `1 − (2 I + 2 smooth) / (P + T + 2 smooth)`: I is what both have, P and T what is predicted and true
 *
 * Inputs: `input` (N, C, d₁…), logits; `target`, class indices (N, d₁…) or the truth of each class in the shape of
 * `input`; optional `weight` (C) and `classes` (C), those that count. Returns a scalar. With `over` "class" or
 * "sampleClass" the mean over the classes divides by their weights; with "sample" and "all" weights multiply prediction
 * and truth. Equals DiceLoss of segmentation-models-pytorch where targets are 0 or 1; the options give the conventions
 * of optax, kornia and keras.
 *
 * @formula `1 - (2 I + 2 smooth) / (P + T + 2 smooth)`
 * @input input - Logits, or probabilities without fromLogits.
 * @input target - Class indices. Or: The truth of each class, 0 or 1 or between.
 * @input weight - Weight of each class.
 * @input classes - Classes that count.
 * @note A class that the target lacks costs 0 and stays in the mean; absent says otherwise.
 * @note smooth counts double, as it stands in the halved form.
 * @note The intersection is the sum of products: segmentation-models takes smaller values, the same where targets are 0
 * or 1.
 * @see Milletari, Navab, Ahmadi: V-Net, 3DV 2016
 * @throws InputError on an index outside [0, C); ShapeError on an input without classes, unless mode is "binary".
 * @example
 * ```ts
 * const loss = await backend.compile(diceLoss({ mode: "binary" }));
 * const { value, grads } = await loss.valueAndGrad({ input: [[[2, -1], [0, 1]]], target: [[[1, 0], [0, 1]]] });
 * ```
 */
export const diceLoss: Loss<
  DiceLossOptions,
  { input: "float"; target: "index" | "number"; weight?: "fixed"; classes?: "mask" }
> = defineLoss({
  name: "diceLoss",
  family: "segmentation",
  aliases: ["DiceLoss", "dice_loss", "Dice", "binary_dice_loss"],
  inputs: overlapInputs,
  optionalInputs: overlapOptionalInputs,
  options: overlapOptions,
  value: (tensors, options) =>
    // What is added to the divisor is added to P + T, twice the one here.
    overlapLoss("diceLoss", tensors, options, { alpha: 0.5, beta: 0.5 }, options.epsMode === "add" ? 0.5 : 1),
});
