import { OptionError } from "../../errors.js";
import { concat } from "../../graph/concat.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float } from "../../loss/inputs.js";
import { nonNegative, oneOf, positive as above0, reduction, someOf, type ReductionOption } from "../../loss/options.js";
import { dot } from "../../math/distance.js";
import { unit } from "../../math/norm.js";
import type { Tensor } from "../../tensor/tensor.js";

const allDirections = ["queryToDoc", "queryToQuery", "docToQuery", "docToDoc"] as const;
type Direction = (typeof allDirections)[number];

export interface MultipleNegativesRankingLossOptions extends ReductionOption {
  /** Factor of the similarities. Default 20. */
  readonly scale: number;
  /** The similarity of query and document. Default `"cosine"`. */
  readonly similarity: "cosine" | "dot";
  /** What each pair is held against. Default `["queryToDoc"]`. */
  readonly directions: readonly Direction[];
  /** One softmax over all directions, or one for each. Default `"joint"`. */
  readonly partitionMode: "joint" | "perDirection";
  /** Which negatives count more the more they resemble the query. Default `"none"`. */
  readonly hardnessMode: "none" | "inBatchNegatives" | "hardNegatives" | "allNegatives";
  /** How much more. Default 0. */
  readonly hardnessStrength: number;
}

/**
 * Ranks each query's document above the documents of all other queries.
 *
 * Inputs: `anchor`, `positive` of shape (N, D); optional `negative` of shape (N, D) or (N, K, D), hard negatives of
 * each query. Returns (N) with `reduction: "none"`, else a scalar. Equals `MultipleNegativesRankingLoss` of
 * sentence-transformers 6; its symmetric form has `directions: ["queryToDoc", "docToQuery"]` and `partitionMode:
 * "perDirection"`. Hardness adds strength · similarity to the logits of negatives, without a gradient of its own.
 *
 * @formula `log sum_c exp(scale * s(q_i, c)) - scale * s(q_i, p_i), c in all positives and negatives`
 * @input anchor - Queries.
 * @input positive - The document that belongs to each query.
 * @input negative - A hard negative of each query. Or: Several of them.
 * @note The symmetric form is directions ["queryToDoc", "docToQuery"] with partitionMode "perDirection"; its backward
 * direction sees positives only.
 * @note clipLoss is that form over dot products with a learnt scale.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Henderson et al.: Efficient Natural Language Response Suggestion for Smart Reply, 2017
 * @throws OptionError if queryToDoc is missing, or perDirection has queryToQuery or docToDoc, which hold no positive.
 * @example
 * ```ts
 * const loss = await backend.compile(multipleNegativesRankingLoss());
 * const { value, grads } = await loss.valueAndGrad({ anchor, positive });
 * ```
 */
export const multipleNegativesRankingLoss: Loss<
  MultipleNegativesRankingLossOptions,
  { anchor: "float"; positive: "float"; negative?: "float" }
> = defineLoss({
  name: "multipleNegativesRankingLoss",
  family: "contrastive",
  aliases: ["MultipleNegativesRankingLoss", "MNRL", "MultipleNegativesSymmetricRankingLoss", "inBatchNegativesLoss"],
  inputs: { anchor: float(["N", "D"]), positive: float(["N", "D"]) },
  optionalInputs: { negative: either(float(["N", "D"]), float(["N", "K", "D"])) },
  options: {
    scale: above0(20),
    similarity: oneOf(["cosine", "dot"], "cosine"),
    directions: someOf(allDirections, ["queryToDoc"]),
    partitionMode: oneOf(["joint", "perDirection"], "joint"),
    hardnessMode: oneOf(["none", "inBatchNegatives", "hardNegatives", "allNegatives"], "none"),
    hardnessStrength: nonNegative(0),
    reduction: reduction(),
  },
  check: checkDirections,
  value({ anchor, positive, negative }, options) {
    const { scale, similarity, directions, partitionMode } = options;
    const direction = (x: Tensor): Tensor => (similarity === "cosine" ? unit(x) : x);
    const [q, p] = [direction(anchor), direction(positive)];
    // (N, K, D)
    const hard = negative && direction(negative.rank === 2 ? negative.unsqueeze(1) : negative);
    const docsFor = (x: Tensor): readonly Tensor[] => [between(x, p), ...(hard ? [betweenLists(x, hard)] : [])];
    const blocks: { readonly [K in Direction]: () => readonly Tensor[] } = {
      queryToDoc: () => docsFor(q).map((s, i) => s.mul(scale).add(hardness(s, i > 0, options))),
      queryToQuery: () => [others(between(q, q)).mul(scale)],
      docToQuery: () => [between(p, q).mul(scale)],
      docToDoc: () => docsFor(p).map((s) => others(s).mul(scale)),
    };
    const pools = directions.map((name) =>
      concat(
        blocks[name]().map((s) => (s.rank === 3 ? s.flatten(1) : s)),
        1,
      ),
    );
    const partitions = partitionMode === "joint" ? [concat(pools, 1)] : pools;
    const total = partitions.map((pool) => pool.logSumExp(1)).reduce((sum, one) => sum.add(one));
    return total.mul(1 / partitions.length).sub(dot(q, p).mul(scale));
  },
});

function between(x: Tensor, y: Tensor): Tensor {
  return x.matmul(y.transpose());
}

/** Rows of x with each of the K rows of each list: (N, N, K). */
function betweenLists(x: Tensor, lists: Tensor): Tensor {
  const [n = 1, k = 1] = lists.shape;
  return between(x, lists.flatten(0, 1)).reshape([n, n, k]);
}

/** True where a document is the row's own. */
function isOwn(similarities: Tensor): Tensor {
  return similarities.iota(0).equal(similarities.iota(1));
}

function others(similarities: Tensor): Tensor {
  return isOwn(similarities).where(-Infinity, similarities);
}

/** What negatives count more, the more they resemble the query. */
function hardness(
  similarities: Tensor,
  isHard: boolean,
  options: MultipleNegativesRankingLossOptions,
): Tensor | number {
  const { hardnessMode, hardnessStrength } = options;
  const own = isHard && hardnessMode !== "inBatchNegatives" ? hardnessStrength : 0;
  const other = hardnessMode !== "hardNegatives" ? hardnessStrength : 0;
  if (hardnessMode === "none" || (own === 0 && other === 0)) return 0;
  const resemblance = similarities.detach();
  return isOwn(similarities).where(resemblance.mul(own), resemblance.mul(other));
}

function checkDirections({ directions, partitionMode }: MultipleNegativesRankingLossOptions): void {
  const got = JSON.stringify(directions);
  if (!directions.includes("queryToDoc")) {
    throw new OptionError(
      `multipleNegativesRankingLoss: option directions must hold "queryToDoc", which has the positives, got ${got}.`,
    );
  }
  const without = directions.some((name) => name === "queryToQuery" || name === "docToDoc");
  if (partitionMode === "perDirection" && without) {
    throw new OptionError(
      `multipleNegativesRankingLoss: option directions must all have positives with partitionMode "perDirection", got ${got}. Leave out "queryToQuery" and "docToDoc", or use "joint".`,
    );
  }
}
