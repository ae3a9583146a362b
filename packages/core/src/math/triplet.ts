import type { Tensor } from "../tensor/tensor.js";

export interface Triplet {
  readonly anchor: Tensor;
  readonly positive: Tensor;
  readonly negative: Tensor;
}

/** `max(0, d(a, p) − d(a, n) + margin)`; with `swap` the smaller of d(a, n) and d(p, n) is subtracted. */
export function tripletHinge(
  { anchor, positive, negative }: Triplet,
  distance: (x: Tensor, y: Tensor) => Tensor,
  margin: number,
  swap: boolean,
): Tensor {
  const toPositive = distance(anchor, positive);
  const direct = distance(anchor, negative);
  const toNegative = swap ? direct.minimum(distance(positive, negative)) : direct;
  return toPositive.add(margin).sub(toNegative).clampMin(0);
}
