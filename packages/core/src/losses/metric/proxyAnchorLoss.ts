import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { finite, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { anyOf, counted, maskedLogSumExp } from "../../math/pairs.js";
import { oneHot } from "../../math/select.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface ProxyAnchorLossOptions extends ReductionOption {
  /** How far similarities are to be from 0. Default 0.1. */
  readonly margin: number;
  /** Sharpness. Default 32. */
  readonly alpha: number;
  /** How far embeddings are apart, or how alike they are. Default `"cosine"`. */
  readonly distance: MetricDistance;
}

/**
 * A proxy of each class draws the samples of its class and pushes all others.
 *
 * `mean over proxies with samples of log(1 + Σ_p exp(−α (s − margin)))`, plus the mean over all proxies of `log(1 + Σ_n
 * exp(α (s + margin)))`
 *
 * Returns (C) with `reduction: "none"`, else a scalar; its parts `positive` and `negative` can be read. Equals
 * `pytorch_metric_learning.losses.ProxyAnchorLoss`.
 *
 * @formula `mean_{c with samples} log(1 + sum_p exp(-alpha (s - margin))) + mean_c log(1 + sum_n exp(alpha (s +
 * margin)))`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input proxies - A row for each class.
 * @note The mean of positives is over the classes that the batch has samples of.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Kim, Kim, Cho, Kwak: Proxy Anchor Loss for Deep Metric Learning, CVPR 2020
 * @throws InputError on a label outside [0, C).
 * @example
 * ```ts
 * const loss = await backend.compile(proxyAnchorLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, proxies });
 * ```
 */
export const proxyAnchorLoss: Loss<ProxyAnchorLossOptions, { embeddings: "float"; labels: "index"; proxies: "float" }> =
  defineLoss({
    name: "proxyAnchorLoss",
    family: "metric",
    aliases: ["ProxyAnchorLoss", "ProxyAnchor"],
    inputs: { embeddings: float(["N", "D"]), labels: labels(["N"], { below: "C" }), proxies: parameter(["C", "D"]) },
    options: { margin: finite(0.1), alpha: positive(32), distance: metricDistance("cosine"), reduction: reduction() },
    empty: "zero",
    value({ embeddings, labels, proxies }, { margin, alpha, distance }) {
      const { matrix, beyond, within } = metricOf(distance, embeddings, proxies);
      const isOwn = oneHot(matrix, labels, 1).transpose();
      const total = (x: Tensor, mask: Tensor): Tensor => maskedLogSumExp(x.mul(alpha).transpose(), mask).softplus();
      return {
        parts: {
          positive: counted(anyOf(isOwn), total(beyond(matrix, margin), isOwn)),
          negative: total(within(matrix, -margin), isOwn.not()),
        },
      };
    },
  });
