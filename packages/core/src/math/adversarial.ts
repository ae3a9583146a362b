import type { Tensor } from "../tensor/tensor.js";
import { binaryEntropy } from "./entropy.js";

/** How far a score is from its label: `(s − y)²`, or the cross-entropy of a logit. */
export type LabelMode = "lsgan" | "vanilla";

export function labelCost(mode: LabelMode, score: Tensor, label: number): Tensor {
  return mode === "lsgan" ? score.sub(label).square() : binaryEntropy(score, label);
}

export const marginModes = ["vanilla", "lsgan", "hinge"] as const;

/** What a difference of scores costs that should be large. */
export type MarginMode = (typeof marginModes)[number];

/** `log(1 + e⁻ᵈ)`, `(d − 1)²` or `max(0, 1 − d)`. */
export function marginCost(mode: MarginMode, d: Tensor): Tensor {
  switch (mode) {
    case "vanilla":
      return d.neg().softplus();
    case "lsgan":
      return d.sub(1).square();
    case "hinge":
      return d.neg().add(1).relu();
  }
}

/** Relativistic average: each preferred score against the mean of the others, and each of the others against theirs. */
export function averageTerms(mode: MarginMode, preferred: Tensor, other: Tensor): readonly [Tensor, Tensor] {
  return [marginCost(mode, preferred.sub(other.mean())), marginCost(mode, preferred.mean().sub(other))];
}
