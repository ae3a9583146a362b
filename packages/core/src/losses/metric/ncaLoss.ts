import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { positive, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { anyOf, counted, maskedLogSumExp, pairsOf } from "../../math/pairs.js";
import { unitNote } from "../../math/norm.js";

export interface NcaLossOptions {
  /** Factor of the distances; > 0. Default 1. */
  readonly scale: number;
  /** How far embeddings are apart, by name or made by `lpDistance`, `dotSimilarity`, `snrDistance`; default `"squaredEuclidean"`. */
  readonly distance: MetricDistance;
  /** Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * The chance that a neighbour, drawn the likelier the nearer it is, has the same class.
 *
 * `−log(Σ_p exp(−scale d_ip) / Σ_{j≠i} exp(−scale d_ij))` per anchor`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64. Returns (N) with `reduction: "none"`, else a scalar. Equals
 * `pytorch_metric_learning.losses.NCALoss`: the mean is over anchors that have a positive.
 *
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(ncaLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const ncaLoss: Loss<NcaLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "ncaLoss",
  family: "metric",
  summary: "The chance that a neighbour, drawn the likelier the nearer it is, has the same class.",
  formula: "-log(sum_p exp(-scale d_ip) / sum_{j != i} exp(-scale d_ij))",
  notes: [
    "If no anchor has a positive it is 0; PyTorch Metric Learning gives NaN. That is the option empty.",
    "Exact where the chance is below the smallest number; PyTorch Metric Learning drops such anchors.",
    unitNote,
  ],
  references: ["Goldberger, Roweis, Hinton, Salakhutdinov: Neighbourhood Components Analysis, NIPS 2004"],
  aliases: ["NCALoss", "neighbourhoodComponentsAnalysis", "softNearestNeighborLoss"],
  inputs: {
    embeddings: float(["N", "D"], "Embeddings."),
    labels: labels(["N"], "The class of each."),
  },
  options: {
    scale: positive(1, "Factor of the distances."),
    distance: metricDistance("squaredEuclidean"),
    reduction: batchReduction(),
  },
  empty: "zero",
  value({ embeddings, labels }, { scale, distance }) {
    const { matrix, within } = metricOf(distance, embeddings);
    const { positives, negatives } = pairsOf(labels);
    const near = within(matrix, 0).mul(scale);
    const all = maskedLogSumExp(near, positives.or(negatives));
    return counted(anyOf(positives), all.sub(maskedLogSumExp(near, positives)));
  },
});
