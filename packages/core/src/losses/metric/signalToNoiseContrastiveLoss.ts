import { defineLoss, type Loss } from "../../loss/define.js";
import { batchOptions, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { finite, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricContrastiveLoss } from "./metricContrastiveLoss.js";

export interface SignalToNoiseContrastiveLossOptions extends BatchOptions {
  /** Ratio within which a positive pair costs nothing. Default 0. */
  readonly posMargin: number;
  /** Ratio beyond which a negative pair costs nothing. Default 1. */
  readonly negMargin: number;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"avgNonZero"`. */
  readonly reduction: BatchReduction;
}

/**
 * The contrastive loss over the ratio of noise to signal between embeddings.
 *
 * Returns (N, N) with `reduction: "none"`, 0 where there is no such pair, else a scalar; its parts `positive` and
 * `negative` can be read. The ratio is not symmetric. Equals
 * `pytorch_metric_learning.losses.SignalToNoiseRatioContrastiveLoss`.
 *
 * @formula `reduce(max(0, r_ip - posMargin)) + reduce(max(0, negMargin - r_in)), r_ij = var(x_i - x_j) / var(x_i)`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @note It is metricContrastiveLoss with the distance snr.
 * @note An embedding whose numbers are all equal has no signal: NaN or Infinity.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Yuan et al.: Signal-to-Noise Ratio: A Robust Distance Metric for Deep Metric Learning, CVPR 2019
 * @throws ShapeError if there are not as many labels as embeddings.
 * @example
 * ```ts
 * const loss = await backend.compile(signalToNoiseContrastiveLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const signalToNoiseContrastiveLoss: Loss<
  SignalToNoiseContrastiveLossOptions,
  { embeddings: "float"; labels: "index" }
> = defineLoss({
  name: "signalToNoiseContrastiveLoss",
  family: "metric",
  aliases: ["SignalToNoiseRatioContrastiveLoss", "snrLoss"],
  inputs: { embeddings: float(["N", "D"]), labels: labels(["N"]) },
  options: { posMargin: finite(0), negMargin: finite(1), ...batchOptions(), reduction: batchReduction("avgNonZero") },
  empty: "zero",
  value: (inputs, options) => metricContrastiveLoss.definition.value(inputs, { ...options, distance: "snr" }),
});
