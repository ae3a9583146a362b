import type { Tensor } from "../tensor/tensor.js";

/** How much less a sample counts that is right already. */
export interface FocalOptions {
  readonly gamma: number;
  readonly reducedThreshold: number | "none";
}

/**
 * The focal factor `(1 − p)^gamma` of what is `wrong = 1 − p`. With a threshold r it is 1 where p < r and `((1 − p) / r)^gamma`
 * elsewhere.
 */
export function focalFactor(wrong: Tensor, { gamma, reducedThreshold: r }: FocalOptions): Tensor {
  if (r === "none") return wrong.pow(gamma);
  return wrong.greater(1 - r).where(1, wrong.div(r).pow(gamma));
}

/** Values by the sum of their factors, which counts as at least 1e-6; its gradient flows. */
export function normalizedBy(values: Tensor, factors: Tensor): Tensor {
  return values.div(factors.sum().clampMin(1e-6));
}
