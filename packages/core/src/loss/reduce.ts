import { ShapeError } from "../errors.js";
import { formatShape, sameShape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Reduction } from "./options.js";

/** Values before reduction. */
export interface WeightedValues {
  readonly values: Tensor;
  /** Where the mean is weighted: one weight for each value, already applied to it. The mean divides by their sum. */
  readonly weights?: Tensor;
  /** What `batchmean` divides by; default: the size of the first axis. */
  readonly batch?: Tensor;
}

/** Values that are reduced together; a tensor stands for itself without weights. */
export type LossPart = Tensor | WeightedValues;

/** What a loss computes before reduction; `terms` are each reduced on their own and then added (real and fake samples). */
export type LossValue = LossPart | { readonly terms: readonly [LossPart, ...LossPart[]] };

/** The summands of a loss, each of which is reduced on its own. */
export function termsOf(value: LossValue): readonly [WeightedValues, ...WeightedValues[]] {
  if (!("terms" in value)) return [weighted(value)];
  const [first, ...rest] = value.terms;
  return [weighted(first), ...rest.map(weighted)];
}

function weighted(part: LossPart): WeightedValues {
  return "values" in part ? part : { values: part };
}

/** Applies a reduction. The mean over no elements is NaN and their sum is 0, as in PyTorch. */
export function reduce(loss: string, value: LossValue, kind: Reduction | "batchmean"): Tensor {
  const [first, ...rest] = termsOf(value);
  const { shape } = first.values;
  const other = kind === "none" ? rest.find(({ values }) => !sameShape(values.shape, shape)) : undefined;
  if (other !== undefined) {
    throw new ShapeError(
      `${loss}: with reduction "none" all terms must have one shape, got ${formatShape(shape)} and ${formatShape(other.values.shape)}. Use "mean" or "sum".`,
    );
  }
  return rest.reduce((sum, term) => sum.add(reduceTerm(term, kind)), reduceTerm(first, kind));
}

function reduceTerm(term: WeightedValues, kind: Reduction | "batchmean"): Tensor {
  const { values, weights } = term;
  switch (kind) {
    case "none":
      return values;
    case "sum":
      return values.sum();
    case "mean":
      return values.sum().div(weights?.sum() ?? values.count());
    case "batchmean":
      return values.sum().div(batchOf(term));
  }
}

/** What `batchmean` divides by. */
export function batchOf({ values, batch }: WeightedValues): Tensor {
  return batch ?? values.count(values.rank === 0 ? [] : 0);
}
