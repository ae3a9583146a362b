import { scan } from "../graph/scan.js";
import type { WeightedValues } from "../loss/reduce.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Metric } from "./metricDistance.js";
import { anyOf, counted, type Pairs } from "./pairs.js";

export const tripletMining = ["all", "hard", "violating", "hardOnly", "semihard", "easy"] as const;

/** Which triplets of a batch count. */
export type TripletMining = (typeof tripletMining)[number];

/** The three sides of triplets. */
export interface TripletDistances {
  readonly toPositive: Tensor;
  readonly toNegative: Tensor;
  /** From the positive to the negative. */
  readonly between: Tensor;
}

/** Costs of the farthest positive with the nearest negative of each anchor that has both: (N). */
export function hardestTriplets(
  { matrix, isSimilarity }: Metric,
  { positives, negatives }: Pairs,
  cost: (sides: TripletDistances) => Tensor,
): WeightedValues {
  const far = isSimilarity ? matrix.neg() : matrix;
  const positive = positives.where(far, -Infinity).argmax(1);
  const negative = negatives.where(far, Infinity).argmin(1).unsqueeze(1);
  const toPositive = matrix.gather(1, positive.unsqueeze(1)).squeeze(1);
  const toNegative = matrix.gather(1, negative).squeeze(1);
  const between = matrix.take(0, positive).gather(1, negative).squeeze(1);
  return counted(anyOf(positives).and(anyOf(negatives)), cost({ toPositive, toNegative, between }));
}

/**
 * Sums of the costs of all triplets of each anchor that are mined: (N). All anchors and negatives of one positive at a time: no
 * tensor is larger than (N, N).
 */
export function allTriplets(
  { matrix }: Metric,
  { positives, negatives }: Pairs,
  cost: (sides: TripletDistances) => Tensor,
  isMined: (sides: TripletDistances) => Tensor | undefined,
): WeightedValues {
  const { collected } = scan(
    { init: {}, sequences: { toPositive: matrix.transpose(), isPositive: positives.transpose(), between: matrix } },
    (_, { toPositive, isPositive, between }) => {
      const sides = { toPositive: toPositive.unsqueeze(1), toNegative: matrix, between: between.unsqueeze(0) };
      const isTriplet = isPositive.unsqueeze(1).and(negatives);
      const mined = isMined(sides);
      const isCounted = mined === undefined ? isTriplet : isTriplet.and(mined);
      const costs = isCounted.where(cost(sides), 0);
      const count = (mask: Tensor): Tensor => mask.cast(matrix.dtype).sum(1);
      return { carry: {}, collect: { total: costs.sum(1), count: count(isCounted), active: count(costs.greater(0)) } };
    },
  );
  const { total, count, active } = collected;
  return { values: total.sum(0), weights: count.sum(0), active: active.sum(0) };
}

/** What mining takes of triplets; `undefined`: all of them. */
export function minedBy(
  { beyond }: Metric,
  mining: Exclude<TripletMining, "hard">,
  margin: number,
): (sides: TripletDistances) => Tensor | undefined {
  return ({ toPositive, toNegative }) => {
    // How much farther the negative is
    const farther = beyond(toNegative, toPositive);
    switch (mining) {
      case "all":
        return undefined;
      case "violating":
        return farther.lessOrEqual(margin);
      case "hardOnly":
        return farther.lessOrEqual(0);
      case "semihard":
        return farther.lessOrEqual(margin).and(farther.greater(0));
      case "easy":
        return farther.greater(margin);
    }
  };
}
