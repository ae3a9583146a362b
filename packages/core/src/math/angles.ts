import type { Tensor } from "../tensor/tensor.js";

export function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** The sine of an angle in [0, π] by its cosine; gradient 0 where it is 0, in place of ∞. */
export function sine(cosine: Tensor): Tensor {
  // sin² = (1 − cos)(1 + cos), exact near 1
  const square = cosine.neg().add(1).mul(cosine.add(1));
  const isNone = square.lessOrEqual(0);
  return isNone.where(0, isNone.where(1, square).sqrt());
}
