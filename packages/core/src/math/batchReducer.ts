import { listRule, type Rule } from "../arguments.js";
import { oneOf, type OptionDeclaration } from "../loss/options.js";
import { isPiece, makePiece, type AnyPieceKind, type PieceKind } from "../loss/pieces.js";
import type { LossValue, WeightedValues } from "../loss/reduce.js";
import type { Tensor } from "../tensor/tensor.js";
import { counted, type PairSet } from "./pairs.js";

/**
 * What is done to the costs of pairs, triplets or anchors before the option `reduction` makes one number of them. Plain data: any loss
 * over them takes any of these, made by {@link thresholdReducer}, {@link classWeightedReducer}, {@link perAnchorReducer}; `"none"`
 * leaves them as they are.
 */
export type BatchReducer = "none" | ThresholdReducer | ClassWeightedReducer | PerAnchorReducer;

/** Only costs above `low` and below `high` count. */
export interface ThresholdReducer {
  readonly kind: "threshold";
  readonly low: number;
  readonly high: number;
}

/** Each cost weighs what the class of its anchor does; the mean divides by how many there are. */
export interface ClassWeightedReducer {
  readonly kind: "classWeighted";
  readonly weights: readonly number[];
}

/** The mean over each anchor's pairs, 0 if it has none: what is reduced then are anchors. */
export interface PerAnchorReducer {
  readonly kind: "perAnchor";
}

const bound = (initial: number): OptionDeclaration<number> => ({
  default: initial,
  domain: "a number, Infinity or -Infinity",
  kind: "number",
  accepts: (value): value is number => typeof value === "number" && !Number.isNaN(value),
});
const threshold: PieceKind<ThresholdReducer> = {
  kind: "threshold",
  options: { low: bound(-Infinity), high: bound(Infinity) },
  together: { domain: "low < high", accepts: ({ low, high }) => low < high },
};
const weight: Rule = {
  domain: "a finite number >= 0",
  accepts: (value) => typeof value === "number" && value >= 0 && value < Infinity,
};
const mostClasses = 1024;
const listOfWeights = listRule(`a list of 1 to ${String(mostClasses)} numbers >= 0`, weight, mostClasses);

function isWeights(value: unknown): value is readonly number[] {
  return listOfWeights.accepts(value) && (value as readonly number[]).length > 0;
}

const classWeighted: PieceKind<ClassWeightedReducer> = {
  kind: "classWeighted",
  options: { weights: { ...listOfWeights, default: [1], kind: "list", accepts: isWeights } },
  together: { domain: listOfWeights.domain, accepts: ({ weights }) => isWeights(weights) },
};
const eachAnchor: PieceKind<PerAnchorReducer> = { kind: "perAnchor", options: {} };
const kinds: readonly AnyPieceKind[] = [threshold, classWeighted, eachAnchor];

/**
 * Costs strictly between two bounds, as `pytorch_metric_learning.reducers.ThresholdReducer`: -Infinity and Infinity are no bounds.
 * `low: 0` is what `reduction: "avgNonZero"` does.
 */
export function thresholdReducer(options?: Partial<Omit<ThresholdReducer, "kind">>): ThresholdReducer {
  return makePiece("thresholdReducer", threshold, options);
}

/**
 * A weight for each class, by its label, as `pytorch_metric_learning.reducers.ClassWeightedReducer`; labels without one weigh 1. Each
 * anchor's cost has its own weight; of losses with one cost for each anchor, that multiplies every cost with every weight.
 */
export function classWeightedReducer(options?: Partial<Omit<ClassWeightedReducer, "kind">>): ClassWeightedReducer {
  const { kind, weights } = makePiece("classWeightedReducer", classWeighted, options);
  return Object.freeze({ kind, weights: Object.freeze([...weights]) });
}

/**
 * Each anchor's mean first, as `pytorch_metric_learning.reducers.PerAnchorReducer`: a pair that several triplets name counts once. Of
 * triplets, which that refuses, it is the mean over each anchor's.
 */
export function perAnchorReducer(): PerAnchorReducer {
  return makePiece("perAnchorReducer", eachAnchor, undefined);
}

/** The option `reducer` of a loss over the pairs or triplets of a batch. */
export function reducerOption(): OptionDeclaration<BatchReducer> {
  const named = oneOf(["none"], "none");
  return {
    ...named,
    domain: `${named.domain} | thresholdReducer() | classWeightedReducer() | perAnchorReducer()`,
    accepts: (value): value is BatchReducer => named.accepts(value) || isPiece(kinds, value),
  };
}

/** The costs of single pairs (N, N) or anchors (N): those that count. */
export interface SetCosts {
  readonly costs: Tensor;
  readonly over: PairSet;
}

/** The costs of triplets, which nothing holds at once: their sums for each anchor, over those that `keeps` is true for. */
export interface TripletCosts {
  readonly sums: (keeps: ((cost: Tensor) => Tensor) | undefined) => WeightedValues;
}

/** Costs of a batch; a tensor: of all anchors. */
export type BatchCosts = Tensor | SetCosts | TripletCosts;

/** What a loss over a batch computes: costs, or several that are reduced each on its own and added. */
export type BatchValue = BatchCosts | { readonly parts: { readonly [name: string]: BatchCosts } };

export function reducedBy(reducer: BatchReducer, labels: Tensor, value: BatchValue): LossValue {
  if (!("parts" in value)) return applied(reducer, labels, value);
  const parts = Object.entries(value.parts).map(([name, costs]) => [name, applied(reducer, labels, costs)] as const);
  return { parts: Object.fromEntries(parts) };
}

function applied(reducer: BatchReducer, labels: Tensor, costs: BatchCosts): WeightedValues {
  if (reducer === "none") return weighted(costs);
  switch (reducer.kind) {
    case "threshold": {
      const { low, high } = reducer;
      return weighted(costs, (cost) => cost.greater(low).and(cost.less(high)));
    }
    case "classWeighted": {
      const term = weighted(costs);
      const own = weightsOf(labels, reducer.weights, term.values);
      return { ...term, values: term.values.mul(term.values.rank === 2 ? own.unsqueeze(1) : own) };
    }
    case "perAnchor":
      return perAnchor(costs);
  }
}

/** What counts, as often as it does. */
function weighted(costs: BatchCosts, keeps?: (cost: Tensor) => Tensor): WeightedValues {
  if ("sums" in costs) return costs.sums(keeps);
  if (!("over" in costs)) {
    return keeps === undefined ? { values: costs } : counted(keeps(costs), costs);
  }
  const { costs: values, over } = costs;
  const isKept = keeps === undefined ? over.mask : over.mask.and(keeps(values));
  if (over.times === undefined) return counted(isKept, values);
  const weights = isKept.where(over.times, 0);
  const own = isKept.where(values, 0);
  return { values: own.mul(weights), weights, active: own.greater(0).where(weights, 0) };
}

function perAnchor(costs: BatchCosts): WeightedValues {
  if ("sums" in costs) {
    const { values, weights } = costs.sums(undefined);
    return { values: weights === undefined ? values : values.div(weights.clampMin(1)) };
  }
  if (!("over" in costs) || costs.costs.rank === 1) return weighted(costs);
  const { mask } = costs.over;
  const several = mask.cast(costs.costs.dtype).sum(1).clampMin(1);
  return { values: mask.where(costs.costs, 0).sum(1).div(several) };
}

function weightsOf(labels: Tensor, weights: readonly number[], like: Tensor): Tensor {
  const ones = labels.mul(0).cast(like.dtype).add(1);
  return weights.reduce((found, weight, label) => labels.equal(label).where(weight, found), ones);
}
