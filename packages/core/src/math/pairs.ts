import type { WeightedValues } from "../loss/reduce.js";
import type { Tensor } from "../tensor/tensor.js";
import { diagonalMask } from "./select.js";

/** The pairs of a batch by their labels, as (N, N) masks over anchors and others. */
export interface Pairs {
  /** The same label, and not the anchor itself. */
  readonly positives: Tensor;
  /** Another label. */
  readonly negatives: Tensor;
}

export function pairsOf(labels: Tensor): Pairs {
  const same = labels.unsqueeze(1).equal(labels.unsqueeze(0));
  return { positives: same.and(diagonalMask(same).not()), negatives: same.not() };
}

/** True for the rows of a mask that have any. */
export function anyOf(mask: Tensor): Tensor {
  return mask.cast("int32").sum(-1).greater(0);
}

/** Values where a mask holds: what the mean is over. */
export function counted(mask: Tensor, values: Tensor): WeightedValues {
  return { values: mask.where(values, 0), weights: mask.cast(values.dtype) };
}

/** `log Σ exp(x)` over the places of each row where a mask holds; −∞ where there are none. */
export function maskedLogSumExp(x: Tensor, mask: Tensor, keepdims = false): Tensor {
  return mask.where(x, -Infinity).logSumExp(-1, keepdims);
}
