import { ShapeError } from "../errors.js";
import { formatShape, sameShape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Reduction } from "./options.js";

/**
 * What a loss computes before reduction:
 * - a tensor of per-element or per-sample values;
 * - `values` with a `divisor` of their own for the mean (weighted means), or a `batch` size for `batchmean`;
 * - `terms`, each reduced on its own and then added (real and fake samples of different number).
 */
export type LossValue =
  | Tensor
  | { readonly values: Tensor; readonly divisor?: Tensor; readonly batch?: Tensor }
  | { readonly terms: readonly [Tensor, ...Tensor[]] };

/** Applies a reduction. The mean over no elements is NaN and their sum is 0, as in PyTorch. */
export function reduce(loss: string, value: LossValue, kind: Reduction | "batchmean"): Tensor {
  if ("terms" in value) {
    const [first, ...rest] = value.terms;
    const other = kind === "none" ? rest.find((term) => !sameShape(term.shape, first.shape)) : undefined;
    if (other !== undefined) {
      throw new ShapeError(
        `${loss}: with reduction "none" all terms must have one shape, got ${formatShape(first.shape)} and ${formatShape(other.shape)}. Use "mean" or "sum".`,
      );
    }
    return rest.reduce((sum, term) => sum.add(reduce(loss, term, kind)), reduce(loss, first, kind));
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
