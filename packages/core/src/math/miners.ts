import { finite, oneOf, type OptionDeclaration } from "../loss/options.js";
import { isPiece, makePiece, type AnyPieceKind, type PieceKind } from "../loss/pieces.js";
import type { Tensor } from "../tensor/tensor.js";
import { metricDistance, metricOf, type Metric, type MetricDistance } from "./metricDistance.js";
import { anyOf, pairsOf, timesOf, type Pairs } from "./pairs.js";
import { oneHot } from "./select.js";
import { tripletTimes, type TripletFilter } from "./tripletTimes.js";

const names = ["none", "tripletMargin", "batchHard", "batchEasyHard", "multiSimilarity", "pairMargin"] as const;

/**
 * Which pairs or triplets of a batch count. Plain data: any loss over them takes any of these, by name (with the defaults) or made by
 * {@link tripletMarginMiner}, {@link batchHardMiner}, {@link batchEasyHardMiner}, {@link multiSimilarityMiner},
 * {@link pairMarginMiner}; `"none"` takes all. No gradient flows through what is mined. Miners that draw at random are left out: a loss is a
 * function of its inputs. Of a single pair of each kind PyTorch Metric Learning makes 0; here it counts.
 */
export type Miner =
  | (typeof names)[number]
  | TripletMarginMiner
  | BatchHardMiner
  | BatchEasyHardMiner
  | MultiSimilarityMiner
  | PairMarginMiner;

/** What all of them have. */
export interface MinerDistance {
  /** How far embeddings are apart for the miner, whatever the loss takes. */
  readonly distance: MetricDistance;
}

/** Triplets by how much farther the negative is than the positive. */
export interface TripletMarginMiner extends MinerDistance {
  readonly kind: "tripletMargin";
  readonly margin: number;
  /**
   * `"all"` that violate the margin: the negative is at most that much farther; of these `"hard"`: it is not farther;
   * `"semihard"`: it is farther; `"easy"`: those that do not violate it.
   */
  readonly triplets: "all" | "hard" | "semihard" | "easy";
}

/** Of each anchor the farthest positive with the nearest negative; the first of several. */
export interface BatchHardMiner extends MinerDistance {
  readonly kind: "batchHard";
}

/** How one of an anchor's positives, or negatives, is chosen. */
export type Hardness = "all" | "hard" | "semihard" | "easy";

/** Of each anchor one positive and one negative, or all. */
export interface BatchEasyHardMiner extends MinerDistance {
  readonly kind: "batchEasyHard";
  /** The farthest (`"hard"`), the nearest (`"easy"`), the farthest that is nearer than the negative (`"semihard"`), or all. */
  readonly positives: Hardness;
  /** The nearest (`"hard"`), the farthest (`"easy"`), the nearest that is farther than the positive (`"semihard"`), or all. */
  readonly negatives: Hardness;
}

/** Pairs that are as hard as the hardest of the other kind, or harder, but for epsilon. */
export interface MultiSimilarityMiner extends MinerDistance {
  readonly kind: "multiSimilarity";
  readonly epsilon: number;
}

/** Positives beyond one margin, negatives within another. */
export interface PairMarginMiner extends MinerDistance {
  readonly kind: "pairMargin";
  readonly posMargin: number;
  readonly negMargin: number;
}

type Made = Exclude<Miner, string>;
type Given<M> = Partial<Omit<M, "kind">>;

const hardness = ["all", "hard", "semihard", "easy"] as const;
const euclidean = metricDistance("euclidean");

const tripletMargin: PieceKind<TripletMarginMiner> = {
  kind: "tripletMargin",
  options: { margin: finite(0.2), triplets: oneOf(hardness, "all"), distance: euclidean },
};
const batchHard: PieceKind<BatchHardMiner> = { kind: "batchHard", options: { distance: euclidean } };
const batchEasyHard: PieceKind<BatchEasyHardMiner> = {
  kind: "batchEasyHard",
  options: { positives: oneOf(hardness, "easy"), negatives: oneOf(hardness, "semihard"), distance: euclidean },
  // What is semi-hard is so by the one that the other kind has chosen.
  together: {
    domain: '"semihard" beside "hard" or "easy"',
    accepts: ({ positives, negatives }) =>
      (positives !== "semihard" || isOne(negatives)) && (negatives !== "semihard" || isOne(positives)),
  },
};
const multiSimilarity: PieceKind<MultiSimilarityMiner> = {
  kind: "multiSimilarity",
  options: { epsilon: finite(0.1), distance: metricDistance("cosine") },
};
const pairMargin: PieceKind<PairMarginMiner> = {
  kind: "pairMargin",
  options: { posMargin: finite(0.2), negMargin: finite(0.8), distance: euclidean },
};
const kinds: readonly AnyPieceKind[] = [tripletMargin, batchHard, batchEasyHard, multiSimilarity, pairMargin];

function isOne(strategy: Hardness): boolean {
  return strategy === "hard" || strategy === "easy";
}

/** Triplets by a margin, as `pytorch_metric_learning.miners.TripletMarginMiner`: margin 0.2, all that violate it, Euclidean. */
export function tripletMarginMiner(options?: Given<TripletMarginMiner>): TripletMarginMiner {
  return makePiece("tripletMarginMiner", tripletMargin, options);
}

/** The hardest triplet of each anchor, as `pytorch_metric_learning.miners.BatchHardMiner`: Euclidean. */
export function batchHardMiner(options?: Given<BatchHardMiner>): BatchHardMiner {
  return makePiece("batchHardMiner", batchHard, options);
}

/**
 * One positive and negative of each anchor, as `pytorch_metric_learning.miners.BatchEasyHardMiner` without allowed ranges: the easiest
 * positive, the semi-hard negative, Euclidean.
 */
export function batchEasyHardMiner(options?: Given<BatchEasyHardMiner>): BatchEasyHardMiner {
  return makePiece("batchEasyHardMiner", batchEasyHard, options);
}

/** Pairs by the hardest of the other kind, as `pytorch_metric_learning.miners.MultiSimilarityMiner`: epsilon 0.1, cosine. */
export function multiSimilarityMiner(options?: Given<MultiSimilarityMiner>): MultiSimilarityMiner {
  return makePiece("multiSimilarityMiner", multiSimilarity, options);
}

/** Pairs by two margins, as `pytorch_metric_learning.miners.PairMarginMiner`: 0.2 and 0.8, Euclidean. */
export function pairMarginMiner(options?: Given<PairMarginMiner>): PairMarginMiner {
  return makePiece("pairMarginMiner", pairMargin, options);
}

/** The option `miner` of a loss over the pairs or triplets of a batch. */
export function minerOption(): OptionDeclaration<Miner> {
  const named = oneOf(names, "none");
  return {
    ...named,
    domain: `${named.domain} | tripletMarginMiner() | batchHardMiner() | batchEasyHardMiner() | multiSimilarityMiner() | pairMarginMiner()`,
    accepts: (value): value is Miner => named.accepts(value) || isPiece(kinds, value),
  };
}

/** One positive and one negative of each anchor that `isThere`. */
export interface SingleTriplets {
  readonly positive: Tensor;
  readonly negative: Tensor;
  readonly isThere: Tensor;
}

/** The pairs that a miner takes, and what it says of triplets: without these they are all that the pairs form. */
export interface MinedPairs extends Pairs {
  readonly filter?: TripletFilter;
  readonly single?: SingleTriplets;
  /** How often each sample is named, by the most: what losses over samples weigh them with. Left out where nothing was mined. */
  readonly share?: Tensor;
}

export function mine(miner: Miner, embeddings: Tensor, labels: Tensor): MinedPairs {
  const pairs = pairsOf(labels);
  const made = typeof miner === "string" ? byName(miner) : miner;
  if (made === undefined) return pairs;
  const metric = metricOf(made.distance, embeddings.detach());
  const mined = take(made, metric, pairs);
  const isOfTriplets = made.kind === "tripletMargin" || made.kind === "batchHard";
  return { ...mined, share: shareOf(mined, embeddings, isOfTriplets) };
}

function byName(name: (typeof names)[number]): Made | undefined {
  switch (name) {
    case "none":
      return undefined;
    case "tripletMargin":
      return tripletMarginMiner();
    case "batchHard":
      return batchHardMiner();
    case "batchEasyHard":
      return batchEasyHardMiner();
    case "multiSimilarity":
      return multiSimilarityMiner();
    case "pairMargin":
      return pairMarginMiner();
  }
}

function take(miner: Made, metric: Metric, pairs: Pairs): MinedPairs {
  const { matrix, beyond, within } = metric;
  const [positives, negatives] = [pairs.positives.mask, pairs.negatives.mask];
  const only = (positive: Tensor, negative: Tensor): MinedPairs => ({
    positives: { mask: positives.and(positive) },
    negatives: { mask: negatives.and(negative) },
  });
  switch (miner.kind) {
    case "tripletMargin": {
      const filter: TripletFilter = { matrix, takes: takenBy(miner, metric) };
      return { ...tripletTimes(pairs, matrix, filter), filter };
    }
    case "batchHard":
      return chosen("hard", "hard", metric, pairs);
    case "batchEasyHard":
      return chosen(miner.positives, miner.negatives, metric, pairs);
    case "multiSimilarity": {
      const far = beyond(matrix, 0);
      const farthest = positives.where(far, -Infinity).amax(1, true);
      const nearest = negatives.where(far, Infinity).amin(1, true);
      return only(far.add(miner.epsilon).greater(nearest), far.sub(miner.epsilon).less(farthest));
    }
    case "pairMargin":
      return only(beyond(matrix, miner.posMargin).greater(0), within(matrix, miner.negMargin).greater(0));
  }
}

/** True for the triplets with such distances that are taken. */
function takenBy({ triplets, margin }: TripletMarginMiner, { beyond }: Metric): TripletFilter["takes"] {
  return (toPositive, toNegative) => {
    const farther = beyond(toNegative, toPositive);
    switch (triplets) {
      case "all":
        return farther.lessOrEqual(margin);
      case "hard":
        return farther.lessOrEqual(margin).and(farther.lessOrEqual(0));
      case "semihard":
        return farther.lessOrEqual(margin).and(farther.greater(0));
      case "easy":
        return farther.greater(margin);
    }
  };
}

interface Choice {
  readonly at: Tensor;
  readonly far: Tensor;
  readonly isThere: Tensor;
}

function chosen(positive: Hardness, negative: Hardness, { matrix, beyond }: Metric, pairs: Pairs): MinedPairs {
  const far = beyond(matrix, 0);
  const farthest = (mask: Tensor): Choice => choice(far, mask, mask.where(far, -Infinity).argmax(1));
  const nearest = (mask: Tensor): Choice => choice(far, mask, mask.where(far, Infinity).argmin(1));
  const [positives, negatives] = [pairs.positives.mask, pairs.negatives.mask];
  const ofNegatives = negative === "easy" ? farthest : nearest;
  const ofPositives = positive === "easy" ? nearest : farthest;
  const easierThan = (other: Choice): Tensor => positives.and(far.less(other.far));
  const fartherThan = (other: Choice): Tensor => negatives.and(far.greater(other.far));
  const first = negative === "semihard" ? ofPositives(positives) : ofNegatives(negatives);
  const n = negative === "semihard" ? ofNegatives(fartherThan(first)) : first;
  const p = negative === "semihard" ? first : ofPositives(positive === "semihard" ? easierThan(first) : positives);
  const one = ({ at, isThere }: Choice): Tensor => oneHot(far, at, 1).and(isThere.unsqueeze(1));
  if (positive === "all" || negative === "all") {
    return {
      positives: { mask: positive === "all" ? positives : one(p) },
      negatives: { mask: negative === "all" ? negatives : one(n) },
    };
  }
  const isThere = p.isThere.and(n.isThere);
  return {
    positives: { mask: one({ ...p, isThere }) },
    negatives: { mask: one({ ...n, isThere }) },
    single: { positive: p.at, negative: n.at, isThere },
  };
}

function choice(far: Tensor, mask: Tensor, at: Tensor): Choice {
  return { at, far: far.gather(1, at.unsqueeze(1)), isThere: anyOf(mask) };
}

function shareOf({ positives, negatives }: Pairs, embeddings: Tensor, isOfTriplets: boolean): Tensor {
  const [p, n] = [timesOf(positives, embeddings), timesOf(negatives, embeddings)];
  // A triplet names its anchor once, two pairs name it twice.
  const anchors = isOfTriplets ? p.sum(1) : p.sum(1).add(n.sum(1));
  const named = anchors.add(p.sum(0)).add(n.sum(0));
  const most = named.amax(0, true);
  return most.greater(0).where(named.div(most), 1);
}
