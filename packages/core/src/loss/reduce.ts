import { ShapeError } from "../errors.js";
import { formatShape, sameShape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Reduction } from "./options.js";

/**
 * Values that are reduced together: a tensor of per-element or per-sample values, or `values` with a `divisor` of their own for
 * the mean (weighted means), or a `batch` size for `batchmean`.
 */
export type LossPart = Tensor | { readonly values: Tensor; readonly divisor?: Tensor; readonly batch?: Tensor };

/** What a loss computes before reduction; `terms` are each reduced on their own and then added (real and fake samples). */
export type LossValue = LossPart | { readonly terms: readonly [LossPart, ...LossPart[]] };

/** Applies a reduction. The mean over no elements is NaN and their sum is 0, as in PyTorch. */
export function reduce(loss: string, value: LossValue, kind: Reduction | "batchmean"): Tensor {
  if ("terms" in value) {
    const [one, ...more] = value.terms;
    const first = reduce(loss, one, kind);
    const rest = more.map((term) => reduce(loss, term, kind));
    const other = rest.find((term) => !sameShape(term.shape, first.shape));
    if (other !== undefined) {
      throw new ShapeError(
        `${loss}: with reduction "none" all terms must have one shape, got ${formatShape(first.shape)} and ${formatShape(other.shape)}. Use "mean" or "sum".`,
      );
    }
    return rest.reduce((sum, term) => sum.add(term), first);
  }
  const parts = "values" in value ? value : { values: value };
  switch (kind) {
    case "none":
      return parts.values;
    case "sum":
      return parts.values.sum();
    case "mean":
      return parts.values.sum().div(parts.divisor ?? parts.values.count());
    case "batchmean":
      return parts.values.sum().div(parts.batch ?? parts.values.count(parts.values.rank === 0 ? [] : 0));
  }
}
