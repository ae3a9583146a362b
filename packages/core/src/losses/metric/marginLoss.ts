import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float, labels, parameter } from "../../loss/inputs.js";
import { finite, nonNegative, reduction, type ReductionOption } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { mine, minerOption, type Miner } from "../../math/miners.js";
import { timesOf } from "../../math/pairs.js";
import { tripletTimes } from "../../math/tripletTimes.js";

export interface MarginLossOptions extends ReductionOption {
  /** How far from the boundary pairs are to be. Default 0.2. */
  readonly margin: number;
  /** What the boundary costs. Default 0. */
  readonly nu: number;
  /** How far embeddings are apart, or how alike they are. Default `"euclidean"`. */
  readonly distance: MetricDistance;
  /** Which triplets count, by name or made by `tripletMarginMiner` and the like. Default `"none"`. */
  readonly miner: Miner;
}

/**
 * Positive pairs within, negative pairs beyond a learnt boundary, as triplets count them.
 *
 * `Σ_triplets (max(0, d_ip − β + margin) + max(0, β − d_in + margin))`, divided by how many of these terms are > 0`
 *
 * `beta`: a scalar, or (C) for the class of the anchor. Returns (N) with `reduction: "none"`, the sum over each
 * anchor's triplets, else a scalar. Equals `pytorch_metric_learning.losses.MarginLoss`: a pair counts once for each
 * triplet it is in. Sums over triplets are sums over pairs here: memory is (N, N).
 *
 * @formula `sum_triplets ([d_ip - beta + margin]+ + [beta - d_in + margin]+) / number of terms > 0`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input beta - The boundary. Or: The boundary of each class.
 * @note The mean is what PyTorch Metric Learning's divisor reducer does: it divides by how many terms are > 0.
 * @note PyTorch Metric Learning starts with beta 1.2.
 * @note With nu > 0 the boundary itself costs: nu * beta once, or of each class for each triplet. Of one boundary for
 * all, reduction none has no room for it.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Wu, Manmatha, Smola, Krähenbühl: Sampling Matters in Deep Embedding Learning, ICCV 2017
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(marginLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, beta: 1.2 });
 * ```
 */
export const marginLoss: Loss<MarginLossOptions, { embeddings: "float"; labels: "index"; beta: "float" }> = defineLoss({
  name: "marginLoss",
  family: "metric",
  aliases: ["MarginLoss", "marginBasedLoss"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]), beta: either(parameter([]), parameter(["C"])) },
  options: {
    margin: finite(0.2),
    nu: nonNegative(0),
    distance: metricDistance("euclidean"),
    miner: minerOption(),
    reduction: reduction(),
  },
  empty: "zero",
  value({ embeddings, labels, beta }, { margin, nu, distance, miner }) {
    const { matrix, beyond, within } = metricOf(distance, embeddings);
    const mined = mine(miner, embeddings, labels);
    const { positives, negatives } = mined.filter === undefined ? tripletTimes(mined, matrix) : mined;
    const bound = beta.rank === 0 ? beta : beta.take(0, labels).unsqueeze(1);
    const far = beyond(matrix, bound).add(margin).relu();
    const near = within(matrix, bound).add(margin).relu();
    const [p, n] = [timesOf(positives, matrix), timesOf(negatives, matrix)];
    const sums = positives.mask.where(far, 0).mul(p).add(negatives.mask.where(near, 0).mul(n)).sum(1);
    const active = far.greater(0).where(p, 0).add(near.greater(0).where(n, 0)).sum(1);
    const pairs = { values: sums, weights: active };
    if (nu === 0) return pairs;
    const triplets = p.sum(1);
    if (beta.rank > 0) return { ...pairs, values: sums.add(triplets.mul(bound.squeeze(1)).mul(nu)) };
    return { terms: [pairs, triplets.sum().greater(0).where(beta.mul(nu), 0)] };
  },
});
