import { scan } from "../graph/scan.js";
import { customGradient } from "../graph/tracedTensor.js";
import type { WeightedValues } from "../loss/reduce.js";
import type { Tensor } from "../tensor/tensor.js";
import type { TripletCosts } from "./batchReducer.js";
import type { Metric } from "./metricDistance.js";
import type { MinedPairs, SingleTriplets } from "./miners.js";
import { counted } from "./pairs.js";

/** What a triplet costs. */
export interface TripletCost {
  readonly margin: number;
  /** The softplus in place of the hinge. */
  readonly smoothLoss: boolean;
  /** The distance from the positive to the negative where it is the smaller. */
  readonly swap: boolean;
}

/** The costs of the triplets that pairs form, or of those that are mined. One anchor at a time: no tensor is larger than (N, N). */
export function tripletCosts(metric: Metric, pairs: MinedPairs, how: TripletCost): TripletCosts {
  const { single } = pairs;
  return { sums: (keeps) => (single === undefined ? all(metric, pairs, how, keeps) : one(metric, single, how, keeps)) };
}

type Keeps = ((cost: Tensor) => Tensor) | undefined;

function costOf(violation: Tensor, { smoothLoss }: TripletCost): Tensor {
  return smoothLoss ? violation.softplus() : violation.relu();
}

/** Of one triplet for each anchor. */
function one(
  { matrix, beyond, nearer }: Metric,
  { positive, negative, isThere }: SingleTriplets,
  how: TripletCost,
  keeps: Keeps,
): WeightedValues {
  const at = negative.unsqueeze(1);
  const toPositive = matrix.gather(1, positive.unsqueeze(1)).squeeze(1);
  const direct = matrix.gather(1, at).squeeze(1);
  const toNegative = how.swap ? nearer(direct, matrix.take(0, positive).gather(1, at).squeeze(1)) : direct;
  const costs = costOf(beyond(toPositive, toNegative).add(how.margin), how);
  const isKept = keeps === undefined ? isThere : isThere.and(keeps(costs));
  return counted(isKept, costs);
}

function all(
  metric: Metric,
  { positives, negatives, filter }: MinedPairs,
  how: TripletCost,
  keeps: Keeps,
): WeightedValues {
  const { matrix, beyond, nearer, isSimilarity } = metric;
  // Integers: they are added fastest, and the more so down columns.
  const number = (mask: Tensor, axis = 1): Tensor => mask.cast("int32").sum(axis).cast(matrix.dtype);
  // What is no positive is nearest, and what is no negative farthest: what they form costs nothing.
  const [nearest, farthest] = isSimilarity ? [Infinity, -Infinity] : [-Infinity, Infinity];
  const sequences = {
    toPositive: positives.mask.where(matrix, nearest),
    row: matrix,
    isPositive: positives.mask,
    isNegative: negatives.mask,
    seen: filter?.matrix ?? matrix,
  };
  const { collected } = scan({ init: {}, sequences }, (_, { toPositive, row, isPositive, isNegative, seen }) => {
    const direct = row.unsqueeze(0);
    const toNegative = how.swap ? nearer(direct.expand(matrix.shape), matrix) : direct;
    const violation = beyond(toPositive.unsqueeze(1), isNegative.unsqueeze(0).where(toNegative, farthest)).add(
      how.margin,
    );
    const cost = costOf(violation, how);
    const isTriplet = isPositive.unsqueeze(1).and(isNegative.unsqueeze(0));
    const isTaken =
      filter === undefined ? isTriplet : isTriplet.and(filter.takes(seen.unsqueeze(1), seen.unsqueeze(0)));
    const isKept = keeps === undefined ? isTaken : isTaken.and(keeps(cost));
    const only = (x: Tensor): Tensor => (filter === undefined && keeps === undefined ? x : isKept.where(x, 0));
    const isActive = only(cost).greater(0);
    // The hinge's slope is 1 where it costs anything.
    const sumOfSlopes = (axis: number): Tensor =>
      how.smoothLoss ? only(violation.sigmoid()).sum(axis) : number(isActive, axis);
    return {
      carry: {},
      collect: {
        cost: only(cost).sum(1),
        active: number(isActive),
        count: number(isKept),
        byPositive: sumOfSlopes(1),
        byNegative: sumOfSlopes(0),
      },
    };
  });
  const { cost, active, count, byPositive, byNegative } = collected;
  const total = cost.sum(1);
  const isAll = filter === undefined && keeps === undefined;
  const term = {
    weights: isAll ? number(positives.mask).mul(number(negatives.mask)) : count.sum(1),
    active: active.sum(1),
  };
  if (how.swap) return { values: total, ...term };
  // ∂Σ cost / ∂d_ip = Σ_n cost', ∂Σ cost / ∂d_in = −Σ_p cost'
  const slopes = isSimilarity ? byNegative.sub(byPositive) : byPositive.sub(byNegative);
  return { values: customGradient(total, [matrix], (g) => [g.unsqueeze(1).mul(slopes)]), ...term };
}
