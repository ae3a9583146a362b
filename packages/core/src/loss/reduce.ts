import { OptionError } from "../errors.js";
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
    const [first, ...rest] = value.terms.map((term) => reduce(loss, term, kind));
    if (first === undefined) throw new OptionError(`${loss}: a loss must have at least one term, got none.`);
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
