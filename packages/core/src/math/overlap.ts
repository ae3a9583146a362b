import type { Tensor } from "../tensor/tensor.js";

/** What a prediction and the truth have in common, and how much of each there is. */
export interface Overlap {
  readonly intersection: Tensor;
  readonly predicted: Tensor;
  readonly truth: Tensor;
}

export interface ScoreOptions {
  /** Weight of what is predicted and not true. */
  readonly alpha: number;
  /** Weight of what is true and not predicted. */
  readonly beta: number;
  readonly smooth: number;
  /** The divisor's floor, or what is added to it. */
  readonly eps: number;
  readonly epsMode: "clamp" | "add";
}

export function overlapOf(p: Tensor, t: Tensor, axes: readonly number[]): Overlap {
  return { intersection: p.mul(t).sum(axes), predicted: p.sum(axes), truth: t.sum(axes) };
}

/** `(I + smooth) / (I + α(P − I) + β(T − I) + smooth)`: with α = β = ½ Dice's score, with 1 Jaccard's, else Tversky's. */
export function overlapScore({ intersection, predicted, truth }: Overlap, options: ScoreOptions): Tensor {
  const { alpha, beta, smooth, eps, epsMode } = options;
  const all = intersection
    .mul(1 - alpha - beta)
    .add(predicted.mul(alpha))
    .add(truth.mul(beta))
    .add(smooth);
  const divisor = epsMode === "clamp" ? all.clampMin(eps) : all.add(eps);
  return intersection.add(smooth).div(divisor);
}
