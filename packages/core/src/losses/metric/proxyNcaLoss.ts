import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { positive, reduction, type ReductionOption } from "../../loss/options.js";
import { classEntropy } from "../../math/classMargin.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";

export interface ProxyNcaLossOptions extends ReductionOption {
  /** Factor of the distances. Default 1. */
  readonly scale: number;
  /** How far embeddings are apart, or how alike they are. Default `"squaredEuclidean"`. */
  readonly distance: MetricDistance;
}

/**
 * Neighbourhood components analysis against a proxy of each class.
 *
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `pytorch_metric_learning.losses.ProxyNCALoss`: the own
 * proxy is in the denominator, which the paper leaves out.
 *
 * @formula `-log softmax(-scale * d(x, proxies))_y`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input proxies - A row for each class.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Movshovitz-Attias et al.: No Fuss Distance Metric Learning using Proxies, ICCV 2017
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(proxyNcaLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, proxies });
 * ```
 */
export const proxyNcaLoss: Loss<
  ProxyNcaLossOptions,
  { embeddings: "float"; labels: "index"; proxies: "float" } & Sampled
> = defineLoss({
  name: "proxyNcaLoss",
  family: "metric",
  aliases: ["ProxyNCALoss", "ProxyNCA"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"], { below: "C" }), proxies: parameter(["C", "D"]) },
  optionalInputs: sampleInputs(["N"]),
  options: { scale: positive(1), distance: metricDistance("squaredEuclidean"), reduction: reduction() },
  value({ embeddings, labels, proxies }, { scale, distance }) {
    const { matrix, within } = metricOf(distance, embeddings, proxies);
    return classEntropy(within(matrix, 0).mul(scale), labels);
  },
});
