import { scan } from "../graph/scan.js";
import type { Tensor } from "../tensor/tensor.js";
import { timesOf, type Pairs } from "./pairs.js";

/** The triplets that a miner takes, by the distances that it sees. */
export interface TripletFilter {
  readonly matrix: Tensor;
  /** Of distances to positives (P, 1) and to negatives (1, N). */
  readonly takes: (toPositive: Tensor, toNegative: Tensor) => Tensor;
}

/**
 * The pairs of triplets, each as often as there are triplets with it: of all that the pairs form, or those that are taken. One anchor at
 * a time: memory is (N, N).
 */
export function tripletTimes({ positives, negatives }: Pairs, like: Tensor, filter?: TripletFilter): Pairs {
  const [p, n] = [timesOf(positives, like), timesOf(negatives, like)];
  if (filter === undefined) {
    const [perAnchor, ofOthers] = [p.sum(1, true), n.sum(1, true)];
    return counted(p.mul(ofOthers), n.mul(perAnchor));
  }
  const { collected } = scan(
    { init: {}, sequences: { row: filter.matrix, isPositive: positives.mask, isNegative: negatives.mask } },
    (_, { row, isPositive, isNegative }) => {
      const isTriplet = isPositive.unsqueeze(1).and(isNegative.unsqueeze(0));
      const taken = isTriplet.and(filter.takes(row.unsqueeze(1), row.unsqueeze(0))).cast(like.dtype);
      return { carry: {}, collect: { byPositive: taken.sum(1), byNegative: taken.sum(0) } };
    },
  );
  return counted(collected.byPositive, collected.byNegative);
}

function counted(positives: Tensor, negatives: Tensor): Pairs {
  const set = (times: Tensor): Pairs["positives"] => ({ mask: times.greater(0), times });
  return { positives: set(positives), negatives: set(negatives) };
}
