import { addDims } from "../tensor/dimArithmetic.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * How much each error adds to the Jaccard loss along the last axis, where truth (0 or 1) has the order of falling errors:
 * the increments of `1 − (G − cum g) / (G + cum (1 − g))`.
 */
function increments(truth: Tensor): Tensor {
  const axis = truth.rank - 1;
  const size = truth.shape[axis] ?? 1;
  const all = truth.sum(axis, true);
  const left = all.sub(truth.cumsum(axis));
  const jaccard = left
    .div(all.add(truth.neg().add(1).cumsum(axis)))
    .neg()
    .add(1);
  return jaccard.sub(jaccard.pad(axis, 1, addDims(size, 1)).slice(axis, 0, size));
}

/** The Lovász extension of the Jaccard loss along the last axis. The order and its increments have no gradient. */
export function lovasz(errors: Tensor, truth: Tensor, positive: (errors: Tensor) => Tensor = (x) => x): Tensor {
  const axis = errors.rank - 1;
  const order = errors.argsort(axis, { descending: true });
  const falling = positive(errors.gather(axis, order));
  return falling.mul(increments(truth.gather(axis, order)).detach()).sum(axis);
}
