import { OptionError } from "../errors.js";
import { customGradient } from "../graph/tracedTensor.js";
import { ignoreIndexInGraph } from "../loss/ignoreIndex.js";
import type { ClassAxis } from "../loss/options.js";
import type { LossValue, WeightedValues } from "../loss/reduce.js";
import type { Tensor } from "../tensor/tensor.js";
import { lookUp, pick } from "./select.js";

/** What turns log-probabilities and class indices into a loss. */
export interface IndexEntropyOptions {
  /** The axis of the classes. */
  readonly axis: number;
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
  /** Weight of each class, (C). */
  readonly weight?: Tensor | undefined;
}

/**
 * `−w_y log p_y` per sample with PyTorch's rules for weights, ignored samples and label smoothing. What smoothing adds is a term of
 * its own, as there: each is divided for the mean, which shows where the weights sum to 0.
 */
export function indexEntropy(
  logProbabilities: Tensor,
  labels: Tensor,
  options: IndexEntropyOptions,
): readonly [WeightedValues, ...WeightedValues[]] {
  const { axis, ignoreIndex, labelSmoothing = 0, weight } = options;
  const perClass = weight === undefined ? undefined : alongAxis(weight, logProbabilities, axis);
  const own = pick(logProbabilities, labels, axis);
  const ownWeight = weight && lookUp(weight, labels);
  const gain = ownWeight === undefined ? own : own.mul(ownWeight);
  const ignored = ignoreIndex === undefined ? undefined : labels.equal(ignoreIndexInGraph(ignoreIndex));
  const counted = (values: Tensor): Tensor => ignored?.where(0, values) ?? values;
  const weights = ownWeight !== undefined ? counted(ownWeight) : ignored?.not().cast(gain.dtype);
  const divided = (values: Tensor): WeightedValues => (weights === undefined ? { values } : { values, weights });
  if (labelSmoothing === 0) return [divided(counted(gain.neg()))];
  const all = (perClass === undefined ? logProbabilities : logProbabilities.mul(perClass)).sum(axis);
  const share = logProbabilities.count(axis).pow(-1).mul(-labelSmoothing);
  return [divided(counted(gain).mul(labelSmoothing - 1)), divided(counted(all).mul(share))];
}

/**
 * `−Σ w_c p_c log q_c` per sample, the probabilities smoothed first. PyTorch's number of samples is that of the elements by that of
 * the classes: without classes the mean is NaN.
 */
function probabilityEntropy(
  logProbabilities: Tensor,
  probabilities: Tensor,
  { axis, labelSmoothing = 0, weight }: Omit<IndexEntropyOptions, "ignoreIndex">,
): WeightedValues {
  const classes = logProbabilities.count(axis);
  const share = classes.pow(-1).mul(labelSmoothing);
  const smoothed = labelSmoothing > 0 ? probabilities.mul(1 - labelSmoothing).add(share) : probabilities;
  const product = logProbabilities.mul(smoothed);
  const weighted = weight === undefined ? product : product.mul(alongAxis(weight, logProbabilities, axis));
  const values = weighted.sum(axis).neg();
  return { values, weights: classes.div(classes).expand(values.shape) };
}

/** The entropy of class indices, or of probabilities, of which none can be ignored. `loss`: who refuses that. */
export function targetEntropy(
  loss: string,
  logProbabilities: Tensor,
  target: Tensor,
  options: IndexEntropyOptions & { readonly ignoreIndex: number },
): LossValue {
  if (target.dtype === "int32") return { terms: indexEntropy(logProbabilities, target, options) };
  const { ignoreIndex } = options;
  if (ignoreIndex >= 0) {
    throw new OptionError(
      `${loss}: option ignoreIndex must be negative with probabilities as target, got ${ignoreIndex}. Give class indices to ignore some.`,
    );
  }
  return probabilityEntropy(logProbabilities, target, options);
}

/** The axis of the classes: 1 as in PyTorch (0 without a batch), or the last. */
export function axisOfClasses(x: Tensor, classAxis: ClassAxis): number {
  return classAxis === -1 || x.rank === 1 ? x.rank - 1 : 1;
}

/** A vector shaped to broadcast along `axis` of `x`. */
export function alongAxis(vector: Tensor, x: Tensor, axis: number): Tensor {
  const trailing = x.rank - 1 - axis;
  return trailing === 0 ? vector : vector.unsqueeze(Array.from({ length: trailing }, (_, i) => i + 1));
}

/** `x log y`, and 0 where x = 0 and y ≥ 0 with gradient 0 towards x; as PyTorch's `xlogy`. */
export function xlogy(x: Tensor, y: Tensor): Tensor {
  const log = y.log();
  const none = x.equal(0).and(y.lessOrEqual(0));
  const value = x.equal(0).and(y.equal(y)).where(0, x.mul(log));
  return customGradient(value, [x, y], (g) => [none.where(0, g.mul(log)), g.mul(x.div(y))]);
}

/** Binary cross-entropy of a logit against a constant label in [0, 1]: `(1 − y)x + softplus(−x)`. */
export function binaryEntropy(logit: Tensor, label: number): Tensor {
  // log σ(x) = −softplus(−x) and log(1 − σ(x)) = −softplus(x)
  if (label === 1) return logit.neg().softplus();
  if (label === 0) return logit.softplus();
  return logit.mul(1 - label).add(logit.neg().softplus());
}

/**
 * Binary cross-entropy of logits against labels y: `(1 − y) softplus(x) + w y softplus(−x)`. Both parts, and both of the gradient
 * `(1 − y) σ(x) − w y σ(−x)`, keep their digits however large x is.
 */
export function labelEntropy(logits: Tensor, labels: Tensor, positiveWeight?: Tensor): Tensor {
  const positive = positiveWeight === undefined ? labels : labels.mul(positiveWeight);
  const negative = labels.neg().add(1);
  return negative.mul(logits.softplus()).add(positive.mul(logits.neg().softplus()));
}
