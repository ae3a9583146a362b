import type { WeightedValues } from "../loss/reduce.js";
import type { Tensor } from "../tensor/tensor.js";
import { diagonalMask } from "./select.js";

/** Some of the pairs of anchors (rows) and others (columns). */
export interface PairSet {
  readonly mask: Tensor;
  /** How often each of them counts; once, where it is left out. */
  readonly times?: Tensor;
}

/** The pairs of a batch by their labels, or those of them that a miner takes. */
export interface Pairs {
  /** The same label, and not the anchor itself. */
  readonly positives: PairSet;
  /** Another label. */
  readonly negatives: PairSet;
}

export function pairsOf(labels: Tensor): Pairs {
  const same = labels.unsqueeze(1).equal(labels.unsqueeze(0));
  return { positives: { mask: same.and(diagonalMask(same).not()) }, negatives: { mask: same.not() } };
}

/** True for the rows of a mask that have any. */
export function anyOf(mask: Tensor): Tensor {
  return mask.cast("int32").sum(-1).greater(0);
}

/** True where there are positive and negative pairs at all. */
export function isBothKinds({ positives, negatives }: Pairs): Tensor {
  return anyOf(anyOf(positives.mask)).and(anyOf(anyOf(negatives.mask)));
}

/** How often each pair counts, 0 for those outside. */
export function timesOf({ mask, times }: PairSet, { dtype }: Tensor): Tensor {
  return times ?? mask.cast(dtype);
}

/** Values where a mask holds: what the mean is over. */
export function counted(mask: Tensor, values: Tensor): WeightedValues {
  return { values: mask.where(values, 0), weights: mask.cast(values.dtype) };
}

/** `log Σ exp(x)` over the places of each row where a mask holds; −∞ where there are none. */
export function maskedLogSumExp(x: Tensor, mask: Tensor, keepdims = false): Tensor {
  return mask.where(x, -Infinity).logSumExp(-1, keepdims);
}

/** `log Σ exp(x)` over the pairs of each row, each as often as it counts; −∞ where there are none. */
export function pairLogSumExp(x: Tensor, { mask, times }: PairSet, keepdims = false): Tensor {
  // n eˣ = exp(x + log n)
  return maskedLogSumExp(times === undefined ? x : x.add(mask.where(times, 1).log()), mask, keepdims);
}
