import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { positive, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { unitNote } from "../../math/norm.js";
import { anyOf, maskedLogSumExp, pairsOf } from "../../math/pairs.js";

export interface SupConLossOptions {
  /** Similarities are divided by it; > 0. Default 0.1. */
  readonly temperature: number;
  /** The loss is multiplied by the temperature, and divided by it; > 0. Default 0.1. */
  readonly baseTemperature: number;
  /** How far embeddings are apart, by name or made by `lpDistance`, `dotSimilarity`, `snrDistance`; default `"cosine"`. */
  readonly distance: MetricDistance;
  /** Default `"avgNonZero"`. */
  readonly reduction: BatchReduction;
}

/**
 * Each anchor is to find all samples of its class among the rest of the batch.
 *
 * `−1/|P| Σ_p (s_ip / T − log Σ_{j≠i} exp(s_ij / T)) · T / baseTemperature` per anchor`
 *
 * Inputs: `embeddings` (N, D), or (N, V, D) with several views of each sample; `labels` (N), int32 or int64. Views of a sample
 * are positives of each other. Returns (N), or (N · V), with `reduction: "none"`, else a scalar. Equals
 * `pytorch_metric_learning.losses.SupConLoss`: anchors without a positive give 0, and so does a batch without positive or without
 * negative pairs.
 *
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(supConLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const supConLoss: Loss<SupConLossOptions, { embeddings: "float"; labels: "index" }> = defineLoss({
  name: "supConLoss",
  family: "contrastive",
  summary: "Each anchor is to find all samples of its class among the rest of the batch.",
  formula: "-1/|P| sum_p (s_ip / T - log sum_{j != i} exp(s_ij / T)) * T / baseTemperature",
  notes: [
    "The authors divide by a base temperature; PyTorch Metric Learning does not: give the same number for both.",
    "ntXentLoss leaves the other positives out of the denominator.",
    unitNote,
  ],
  references: ["Khosla et al.: Supervised Contrastive Learning, NeurIPS 2020"],
  aliases: ["SupConLoss", "SupCon", "supervisedContrastiveLoss"],
  inputs: {
    embeddings: float(["N", "V?", "D"], "Embeddings, of several views perhaps."),
    labels: labels(["N"], "The class of each."),
  },
  options: {
    temperature: positive(0.1, "Similarities are divided by it."),
    baseTemperature: positive(0.1, "The loss is multiplied by the temperature, and divided by it."),
    distance: metricDistance("cosine"),
    reduction: batchReduction("avgNonZero"),
  },
  empty: "zero",
  value({ embeddings, labels }, { temperature, baseTemperature, distance }) {
    const [n = 1, views = 1] = embeddings.shape;
    const isViewed = embeddings.rank === 3;
    const rows = isViewed ? embeddings.flatten(0, 1) : embeddings;
    const { positives, negatives } = pairsOf(isViewed ? labels.unsqueeze(1).expand([n, views]).flatten() : labels);
    const { matrix, within } = metricOf(distance, rows);
    const near = within(matrix, 0).mul(1 / temperature);
    const several = positives.cast(near.dtype).sum(1).clampMin(1);
    const own = positives.where(near, 0).sum(1).div(several);
    const values = maskedLogSumExp(near, positives.or(negatives))
      .sub(own)
      .mul(temperature / baseTemperature);
    const isBoth = anyOf(anyOf(positives)).and(anyOf(anyOf(negatives)));
    return anyOf(positives).and(isBoth).where(values, 0);
  },
});
