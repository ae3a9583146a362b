import { defineLoss, type Loss } from "../../loss/define.js";
import { InputError } from "../../errors.js";
import { concat } from "../../graph/concat.js";
import { batchOptions, overPairs, type BatchOptions } from "../../math/overPairs.js";
import { float, labels } from "../../loss/inputs.js";
import { positive, batchReduction, type BatchReduction } from "../../loss/options.js";
import { metricDistance, metricOf, type MetricDistance } from "../../math/metricDistance.js";
import { pairLogSumExp } from "../../math/pairs.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface NtXentLossOptions extends BatchOptions {
  /** Similarities are divided by it. Default 0.07. */
  readonly temperature: number;
  /** How far embeddings are apart, or how alike they are. Default `"cosine"`. */
  readonly distance: MetricDistance;
  /** How the values become the result; `avgNonZero` is the mean of those that are > 0. Default `"mean"`. */
  readonly reduction: BatchReduction;
}

/**
 * Each positive pair is to stand out among the negatives of its anchor.
 *
 * `−log (exp(s_ip / T) / (exp(s_ip / T) + Σ_n exp(s_in / T)))` per positive pair`
 *
 * Inputs: `embeddings` (N, D) and `labels` (N), int32 or int64; or `viewA` and `viewB` (N, D), two views of each
 * sample, which are each other's only positives. Returns (N, N), or (2N, 2N) of two views, with `reduction: "none"`, 0
 * where there is no positive pair, else a scalar: the mean is over positive pairs. Equals
 * `pytorch_metric_learning.losses.NTXentLoss`; of two views it is SimCLR's loss, `lightly.NTXentLoss` with the
 * temperature given.
 *
 * @formula `-log(exp(s_ip / T) / (exp(s_ip / T) + sum_n exp(s_in / T)))`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input viewA - Embeddings of one view.
 * @input viewB - Embeddings of another view of the same samples.
 * @note Other positives are not in the denominator; supConLoss has them there.
 * @note Temperatures differ: 0.07 here and in PyTorch Metric Learning and optax, 0.5 in lightly, 0.1 in SimCLR.
 * @note Exact where PyTorch Metric Learning stops at the logarithm of the smallest number.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations, ICML
 * 2020
 * @throws InputError unless embeddings and labels, or both views are given; OptionError if temperature is not > 0.
 * @example
 * ```ts
 * const loss = await backend.compile(ntXentLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels });
 * ```
 */
export const ntXentLoss: Loss<
  NtXentLossOptions,
  { embeddings?: "float"; labels?: "index"; viewA?: "float"; viewB?: "float" }
> = defineLoss({
  name: "ntXentLoss",
  family: "contrastive",
  aliases: ["NTXentLoss", "NT-Xent", "simClrLoss", "SimCLR", "normalizedTemperatureScaledCrossEntropy"],
  inputs: {},
  optionalInputs: {
    embeddings: float(["N", "D"]),
    labels: labels(["N"]),
    viewA: float(["N", "D"]),
    viewB: float(["N", "D"]),
  },
  inputSets: [
    ["embeddings", "labels"],
    ["viewA", "viewB"],
  ],
  options: {
    temperature: positive(0.07),
    distance: metricDistance("cosine"),
    ...batchOptions(),
    reduction: batchReduction(),
  },
  empty: "zero",
  value({ embeddings, labels, viewA, viewB }, { temperature, distance, ...batch }) {
    const isViewed = viewA !== undefined && viewB !== undefined;
    const rows = isViewed ? concat([viewA, viewB], 0) : embeddings;
    const classes = isViewed ? twice(viewA.iota(0).squeeze(1)) : labels;
    if (rows === undefined || classes === undefined) throw incomplete();
    const { matrix, within } = metricOf(distance, rows);
    const near = within(matrix, 0).mul(1 / temperature);
    // −log(eᵖ / (eᵖ + Σ eⁿ)) = softplus(log Σ eⁿ − p)
    return overPairs(rows, classes, batch, ({ positives, negatives }) => ({
      costs: pairLogSumExp(near, negatives, true).sub(near).softplus(),
      over: positives,
    }));
  },
});

function twice(positions: Tensor): Tensor {
  return concat([positions, positions], 0);
}

function incomplete(): InputError {
  const wanted = "embeddings and labels, or viewA and viewB";
  return new InputError(`ntXentLoss: inputs must be ${wanted}, got only some of them.`, "MISSING_INPUT");
}
