import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { positive, reduction, type Reduction } from "../../loss/options.js";
import { classEntropy } from "../../math/classMargin.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { unitNote } from "../../math/norm.js";

export interface ProxyNcaLossOptions {
  /** Factor of the distances; > 0. Default 1. */
  readonly scale: number;
  /** How far embeddings are apart, by name or made by `lpDistance`, `dotSimilarity`, `snrDistance`; default `"squaredEuclidean"`. */
  readonly distance: MetricDistance;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Neighbourhood components analysis against a proxy of each class.
 *
 * `−log softmax(−scale · d(x, proxies))_y`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `proxies` (C, D), a row for each class.
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.ProxyNCALoss`: the own proxy is in
 * the denominator, which the paper leaves out.
 *
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(proxyNcaLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, proxies });
 * ```
 */
export const proxyNcaLoss: Loss<ProxyNcaLossOptions, { embeddings: "float"; labels: "index"; proxies: "float" }> =
  defineLoss({
    name: "proxyNcaLoss",
    family: "metric",
    summary: "Neighbourhood components analysis against a proxy of each class.",
    formula: "-log softmax(-scale * d(x, proxies))_y",
    notes: [unitNote],
    references: ["Movshovitz-Attias et al.: No Fuss Distance Metric Learning using Proxies, ICCV 2017"],
    aliases: ["ProxyNCALoss", "ProxyNCA"],
    inputs: {
      embeddings: float(["N", "D"], "Embeddings."),
      labels: labels(["N"], "The class of each.", { below: "C" }),
      proxies: parameter(["C", "D"], "A row for each class."),
    },
    options: {
      scale: positive(1, "Factor of the distances."),
      distance: metricDistance("squaredEuclidean"),
      reduction: reduction(),
    },
    value({ embeddings, labels, proxies }, { scale, distance }) {
      const { matrix, within } = metricOf(distance, embeddings, proxies);
      return classEntropy(within(matrix, 0).mul(scale), labels);
    },
  });
