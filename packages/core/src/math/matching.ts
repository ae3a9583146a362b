import { byPresence, float, labels, mask, type InputDeclaration } from "../loss/inputs.js";
import { flag, nonNegative, type OptionDeclarations } from "../loss/options.js";
import type { DType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { diagonal, diagonalMask } from "./select.js";

/** How the negatives of a matching pair count. */
export interface MatchingOptions {
  /** The margin of every hinge; ≥ 0. Default 0.2. */
  readonly margin: number;
  /** Keep only the hardest negative of each row and column. Default false. */
  readonly maxViolation: boolean;
  /** Only negatives that are less similar than the match count. Default false. */
  readonly semiHard: boolean;
  /** `log(1 + exp(x))` in place of `max(0, x)`. Default false. */
  readonly softMargin: boolean;
}

/** Declares {@link MatchingOptions}, which several losses share. */
export function matchingOptions(maxViolation = false): OptionDeclarations<MatchingOptions> {
  return {
    margin: nonNegative(0.2),
    maxViolation: flag(maxViolation),
    semiHard: flag(false),
    softMargin: flag(false),
  };
}

/** A matrix of similarities: rectangular where `labels` say which image a caption belongs to. */
export function scoreInput(): InputDeclaration<"float"> {
  return byPresence("labels", { given: float(["N", "M"]), absent: float(["N", "N"]) });
}

/** Which captions belong to which images. */
export const captionInputs: {
  readonly labels: InputDeclaration<"index">;
  readonly matches: InputDeclaration<"mask">;
} = {
  labels: labels(["M"], { below: "N" }),
  matches: byPresence("labels", {
    given: mask(["N", "M"]),
    absent: mask(["N", "N"]),
  }),
};

/**
 * For each caption j of image r: `Σ_k [margin + S_rk − S_rj]₊ + Σ_i [margin + S_ij − S_rj]₊` over its negatives, or the largest of
 * each. What is no negative counts as 0.
 */
export function matchingCost(
  scores: Tensor,
  { labels: images, matches }: { readonly labels?: Tensor; readonly matches?: Tensor },
  { margin, maxViolation, semiHard, softMargin }: MatchingOptions,
): Tensor {
  const rowsOf = (x: Tensor): Tensor => (images === undefined ? x : x.take(0, images));
  const itself = images === undefined ? diagonalMask(scores) : scores.iota(0).equal(images.unsqueeze(0));
  const own = images === undefined ? diagonal(scores) : scores.gather(0, images.unsqueeze(0)).squeeze(0);
  const excluded = matches === undefined ? itself : itself.or(matches);
  const cost = (s: Tensor, matched: Tensor, out: Tensor): Tensor => {
    const violation = s.add(margin).sub(matched);
    const left = semiHard ? out.or(s.greaterOrEqual(matched)) : out;
    return left.where(0, softMargin ? violation.softplus() : violation.clampMin(0));
  };
  const captions = cost(rowsOf(scores), own.unsqueeze(1), rowsOf(excluded));
  const pictures = cost(scores, own.unsqueeze(0), excluded);
  return maxViolation ? captions.max(1).add(pictures.max(0)) : captions.sum(1).add(pictures.sum(0));
}

/** 1 where the labels of two samples agree, (N, N). */
export function labelMatches(labels: Tensor, dtype: DType): Tensor {
  return labels.unsqueeze(1).equal(labels.unsqueeze(0)).cast(dtype);
}

/** `Σ_j p_ij (log p_ij − log(q_ij + eps))`, p the softmax of each row of logits. */
export function projectionDivergence(logits: Tensor, q: Tensor, eps: number): Tensor {
  return logits
    .softmax(1)
    .mul(logits.logSoftmax(1).sub(q.add(eps).log()))
    .sum(1);
}
