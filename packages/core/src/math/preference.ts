import type { Tensor } from "../tensor/tensor.js";

export const divergences = ["reverseKl", "forwardKl", "jsDivergence", "alphaDivergence"] as const;
export type Divergence = (typeof divergences)[number];

/** What a divergence makes of log-ratios Δ: with the reverse Kullback-Leibler divergence themselves. */
export function rewardOf(ratio: Tensor, divergence: Divergence, alpha: number): Tensor {
  switch (divergence) {
    case "reverseKl":
      return ratio;
    case "forwardKl":
      return ratio.neg().exp().neg().add(1);
    case "jsDivergence":
      return ratio.logSigmoid().add(Math.LN2);
    case "alphaDivergence":
      return ratio
        .mul(alpha - 1)
        .expm1()
        .div(alpha - 1);
  }
}

/** Log-ratios of pairs to their reference: of the chosen answers, of the rejected ones, and how far these are apart. */
export interface PreferenceRatios {
  readonly chosen: Tensor;
  readonly rejected: Tensor;
  readonly apart: Tensor;
}

/** What the forms of the loss have in common. */
export interface PreferenceOptions {
  readonly beta: number;
  readonly labelSmoothing: number;
  readonly tau: number;
}

/** `−(1 − ε) log σ(z) − ε log σ(−z)` */
export function smoothedLogistic(z: Tensor, epsilon: number): Tensor {
  const right = z.neg().softplus();
  return epsilon === 0 ? right : right.mul(1 - epsilon).add(z.softplus().mul(epsilon));
}

/** `σ(z)(log σ(z) − log(1 − ε)) + σ(−z)(log σ(−z) − log ε)`: the divergence of the pair's preference from the labels. */
export function exoPair(z: Tensor, epsilon: number): Tensor {
  const side = (x: Tensor, share: number): Tensor => x.sigmoid().mul(x.logSigmoid().sub(Math.log(share)));
  return side(z, 1 - epsilon).add(side(z.neg(), epsilon));
}

/** The form that was found by search: logistic where the preference is unclear, exponential where it is wrong. */
export function discoPop(z: Tensor, tau: number): Tensor {
  const share = z.div(tau).sigmoid();
  const other = z.div(-tau).sigmoid();
  return z.neg().softplus().mul(other).add(z.neg().exp().mul(share));
}
