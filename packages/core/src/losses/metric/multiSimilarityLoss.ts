import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, positive, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { maskedLogSumExp, pairsOf } from "../../math/pairs.js";
import { unitNote } from "../../math/norm.js";

export interface MultiSimilarityLossOptions {
  /** Sharpness for positive pairs; > 0. Default 2. */
  readonly alpha: number;
  /** Sharpness for negative pairs; > 0. Default 50. */
  readonly beta: number;
  /** The similarity that divides them. Default 0.5. */
  readonly base: number;
  /** How far embeddings are apart, by name or made by `lpDistance`, `dotSimilarity`, `snrDistance`; default `"cosine"`. */
  readonly distance: MetricDistance;
  /** Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * Positive pairs below and negative pairs above a similarity count the more, the farther they are off.
 *
 * `1/α log(1 + Σ_p exp(−α (s_ip − base))) + 1/β log(1 + Σ_n exp(β (s_in − base)))` per anchor`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64. Returns (N) with `reduction: "none"`, else a scalar. Equals
 * `pytorch_metric_learning.losses.MultiSimilarityLoss`; the mean is over all anchors. What the authors mine first is not part of it.
 *
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(multiSimilarityLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const multiSimilarityLoss: Loss<MultiSimilarityLossOptions, { embeddings: "float"; labels: "index" }> =
  defineLoss({
    name: "multiSimilarityLoss",
    family: "metric",
    summary: "Positive pairs below and negative pairs above a similarity count the more, the farther they are off.",
    formula: "1/alpha log(1 + sum_p exp(-alpha (s_ip - base))) + 1/beta log(1 + sum_n exp(beta (s_in - base)))",
    notes: [
      "The mean counts anchors without pairs, which give 0.",
      "TensorFlow Similarity has beta 40, and mines pairs first.",
      unitNote,
    ],
    references: ["Wang et al.: Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning, CVPR 2019"],
    aliases: ["MultiSimilarityLoss", "msLoss"],
    inputs: {
      embeddings: float(["N", "D"], "Embeddings."),
      labels: labels(["N"], "The class of each."),
    },
    options: {
      alpha: positive(2, "Sharpness for positive pairs."),
      beta: positive(50, "Sharpness for negative pairs."),
      base: finite(0.5, "The similarity that divides them."),
      distance: metricDistance("cosine"),
      reduction: batchReduction(),
    },
    empty: "zero",
    value({ embeddings, labels }, { alpha, beta, base, distance }) {
      const { matrix, beyond, within } = metricOf(distance, embeddings);
      const { positives, negatives } = pairsOf(labels);
      // log(1 + Σ exp x) = softplus(log Σ exp x)
      const far = maskedLogSumExp(beyond(matrix, base).mul(alpha), positives)
        .softplus()
        .mul(1 / alpha);
      const near = maskedLogSumExp(within(matrix, base).mul(beta), negatives)
        .softplus()
        .mul(1 / beta);
      return far.add(near);
    },
  });
