import { customGradient } from "../graph/trace.js";
import type { WeightedValues } from "../loss/reduce.js";
import type { Tensor } from "../tensor/tensor.js";
import { oneHot, pick } from "./select.js";

/** What turns log-probabilities and class indices into a loss. */
export interface IndexEntropyOptions {
  /** The axis of the classes. */
  readonly axis: number;
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
  /** Weight of each class, (C). */
  readonly weight?: Tensor | undefined;
}

/** `−w_y log p_y` per sample with PyTorch's rules for weights, ignored samples and label smoothing. */
export function indexEntropy(logProbabilities: Tensor, labels: Tensor, options: IndexEntropyOptions): WeightedValues {
  const { axis, ignoreIndex, labelSmoothing = 0, weight } = options;
  const perClass = weight === undefined ? undefined : alongAxis(weight, logProbabilities, axis);
  const own = pick(logProbabilities, labels, axis);
  const ownWeight =
    perClass === undefined ? undefined : oneHot(logProbabilities, labels, axis).where(perClass, 0).sum(axis);
  let values = (ownWeight === undefined ? own : own.mul(ownWeight)).neg();
  if (labelSmoothing > 0) {
    const all = (perClass === undefined ? logProbabilities : logProbabilities.mul(perClass)).sum(axis).neg();
    const share = logProbabilities.count(axis).pow(-1).mul(labelSmoothing);
    values = values.mul(1 - labelSmoothing).add(all.mul(share));
  }
  if (ignoreIndex === undefined) return ownWeight === undefined ? { values } : { values, weights: ownWeight };
  const ignored = labels.equal(ignoreIndex);
  const weights = ownWeight === undefined ? ignored.not().cast(values.dtype) : ignored.where(0, ownWeight);
  return { values: ignored.where(0, values), weights };
}

/** `−Σ w_c p_c log q_c` per sample, the probabilities smoothed first. */
export function probabilityEntropy(
  logProbabilities: Tensor,
  probabilities: Tensor,
  { axis, labelSmoothing = 0, weight }: Omit<IndexEntropyOptions, "ignoreIndex">,
): Tensor {
  const share = logProbabilities.count(axis).pow(-1).mul(labelSmoothing);
  const smoothed = labelSmoothing > 0 ? probabilities.mul(1 - labelSmoothing).add(share) : probabilities;
  const product = logProbabilities.mul(smoothed);
  return (weight === undefined ? product : product.mul(alongAxis(weight, logProbabilities, axis))).sum(axis).neg();
}

/** A vector shaped to broadcast along `axis` of `x`. */
function alongAxis(vector: Tensor, x: Tensor, axis: number): Tensor {
  const trailing = x.rank - 1 - axis;
  return trailing === 0 ? vector : vector.unsqueeze(Array.from({ length: trailing }, (_, i) => i + 1));
}

/** `x log y`, and 0 where x = 0 and y ≥ 0 with gradient 0 towards x; as PyTorch's `xlogy`. */
export function xlogy(x: Tensor, y: Tensor): Tensor {
  const log = y.log();
  const none = x.equal(0).and(y.lessOrEqual(0));
  const value = x.equal(0).and(y.equal(y)).where(0, x.mul(log)).detach();
  return customGradient(value, [x, y], (g) => [none.where(0, g.mul(log)), g.mul(x.div(y))]);
}

/** Binary cross-entropy of a logit against a constant label in [0, 1]: `(1 − y)x + softplus(−x)`. */
export function binaryEntropy(logit: Tensor, label: number): Tensor {
  // log σ(x) = −softplus(−x) and log(1 − σ(x)) = −softplus(x)
  if (label === 1) return logit.neg().softplus();
  if (label === 0) return logit.softplus();
  return logit.mul(1 - label).add(logit.neg().softplus());
}
