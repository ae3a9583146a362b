import { scan } from "../graph/scan.js";
import type { WeightedValues } from "../loss/reduce.js";
import type { Tensor } from "../tensor/tensor.js";
import { impossibleIn, logSum } from "./logSum.js";

/** Lists whose invalid items are outside everything: scores and labels (B, L), and which of them count. */
export interface Lists {
  readonly scores: Tensor;
  readonly labels: Tensor;
  readonly valid: Tensor | undefined;
}

/** Scores, those of invalid items so low that they have no share in any softmax. */
export function validScores({ scores, valid }: Lists): Tensor {
  return valid === undefined ? scores : valid.where(scores, impossibleIn(scores));
}

/** A value for each list, of which those without a valid item leave the mean. */
export function perList(values: Tensor, { valid }: Lists): WeightedValues {
  if (valid === undefined) return { values };
  const weights = valid.cast(values.dtype).amax(1).greater(0);
  return { values: weights.where(values, 0), weights: weights.cast(values.dtype) };
}

/** `log Σ_{j ≥ k} exp x_j` along the last of two axes: each element with those behind it. */
export function logSumExpFromEnd(x: Tensor): Tensor {
  const steps = x.transpose();
  const { collected } = scan(
    { init: { total: steps.sum(0).mul(0).add(impossibleIn(x)) }, sequences: { steps }, reverse: true },
    ({ total }, { steps: now }) => {
      const next = logSum([total, now], impossibleIn(x));
      return { carry: { total: next }, collect: { next } };
    },
  );
  return collected.next.transpose();
}
