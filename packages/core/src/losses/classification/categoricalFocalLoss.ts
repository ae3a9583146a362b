import { OptionError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { ignoreIndexInGraph } from "../../loss/ignoreIndex.js";
import { either, float, labels, perClass, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import {
  classAxis,
  flag,
  fraction,
  integer,
  nonNegative,
  orNone,
  positive,
  reduction,
  type ClassAxis,
  type ReductionOption,
} from "../../loss/options.js";
import { alongAxis, axisOfClasses } from "../../math/entropy.js";
import { focalFactor, normalizedBy } from "../../math/focal.js";
import { oneHot, pick } from "../../math/select.js";

export interface CategoricalFocalLossOptions extends ReductionOption {
  /** How much less right predictions count. Default 2; 0 is the cross-entropy. */
  readonly gamma: number;
  /** One factor for all, with probabilities as target. Default 1. */
  readonly alpha: number;
  /** Share of the target spread evenly over the classes, with probabilities. Default 0. */
  readonly labelSmoothing: number;
  /** A target index that contributes nothing. Default -100. */
  readonly ignoreIndex: number;
  /** The axis of the classes: 1, or -1 for the last. Default 1. */
  readonly classAxis: ClassAxis;
  /**
   * Below this probability the factor is 1. Default `"none"`. Below this probability the factor is 1, above it `((1
   * − p) / threshold)^gamma`; > 0.
   */
  readonly reducedThreshold: number | "none";
  /** Divide by the sum of the factors, before the reduction. Default false. */
  readonly normalized: boolean;
}

/**
 * Cross-entropy of logits in which predictions count less the more they are right already.
 *
 * indices: `−w_y (1 − p_y)^gamma log p_y`; probabilities: `−alpha Σ_c w_c y_c (1 − p_c)^gamma log p_c`; `p =
 * softmax(input)`
 *
 * Inputs: `input`, logits (C), (N, C) or (N, C, d₁…); `target`, int32 or int64 class indices (), (N) or (N, d₁…), or
 * probabilities of the shape of `input`; optional `weight` (C). Returns the shape of the indices with `reduction:
 * "none"`, else a scalar. The mean is over the targets that are not ignored: weights are not in its divisor.
 *
 * @formula `-w_y (1 - p_y)^gamma log p_y, or -alpha sum_c w_c y_c (1 - p_c)^gamma log p_c`
 * @input input - Logits.
 * @input target - Class indices. Or: Class probabilities.
 * @input weight - Weight of each class.
 * @note The mean divides by the number of targets that are not ignored, also with weights.
 * @note keras multiplies by an alpha of 0.25 by default; kornia's alpha weighs class 0 as background. Neither is so
 * here.
 * @see Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017
 * @throws InputError on an index outside [0, C) that is not ignoreIndex; OptionError if alpha or labelSmoothing meet
 * indices, or ignoreIndex ≥ 0 probabilities.
 * @example
 * ```ts
 * const loss = await backend.compile(categoricalFocalLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [[2, 0.5, -1], [0, 1, 0]], target: [0, 2] });
 * ```
 */
export const categoricalFocalLoss: Loss<
  CategoricalFocalLossOptions,
  { input: "float"; target: "index" | "float"; weight?: "float" } & Sampled
> = defineLoss({
  name: "categoricalFocalLoss",
  family: "classification",
  aliases: ["CategoricalFocalCrossentropy", "softmaxFocalLoss", "multiclassFocalLoss"],
  inputs: {
    input: perClass(),
    target: either(labels(["N?", "...d"], { below: "C", except: "ignoreIndex" }), perClass()),
  },
  optionalInputs: { weight: float(["C"]), ...sampleInputs(["N?", "...d"]) },
  options: {
    gamma: nonNegative(2),
    alpha: positive(1),
    labelSmoothing: fraction(0),
    ignoreIndex: integer(-100),
    classAxis: classAxis(),
    reducedThreshold: orNone(positive(0.5)),
    normalized: flag(false),
    reduction: reduction(),
  },
  value({ input, target, weight }, { alpha, labelSmoothing, ignoreIndex, normalized, classAxis: given, ...focal }) {
    const axis = axisOfClasses(input, given);
    const all = input.logSoftmax(axis);
    const weights = weight === undefined ? undefined : alongAxis(weight, input, axis);
    if (target.dtype === "int32") {
      requireDefault(alpha === 1, `alpha must be 1 with class indices as target, got ${alpha}`);
      requireDefault(labelSmoothing === 0, `labelSmoothing must be 0 with class indices, got ${labelSmoothing}`);
      const ignored = target.equal(ignoreIndexInGraph(ignoreIndex));
      const own = pick(all, target, axis);
      const factors = ignored.where(0, focalFactor(own.expm1().neg(), focal));
      const costs = factors.mul(own).neg();
      const ownWeight = weights === undefined ? undefined : oneHot(all, target, axis).where(weights, 0).sum(axis);
      const weighted = ownWeight === undefined ? costs : costs.mul(ownWeight);
      const values = normalized ? normalizedBy(weighted, factors) : weighted;
      return { values, weights: ignored.not().cast(values.dtype) };
    }
    requireDefault(ignoreIndex < 0, `ignoreIndex must be negative with probabilities, got ${ignoreIndex}`);
    const share = all.count(axis).pow(-1).mul(labelSmoothing);
    const y = labelSmoothing > 0 ? target.mul(1 - labelSmoothing).add(share) : target;
    const factors = focalFactor(all.expm1().neg(), focal);
    const costs = y.mul(factors).mul(all).mul(-alpha);
    const summed = (weights === undefined ? costs : costs.mul(weights)).sum(axis);
    return normalized ? normalizedBy(summed, factors) : summed;
  },
});

function requireDefault(isSo: boolean, what: string): void {
  if (!isSo) throw new OptionError(`categoricalFocalLoss: option ${what}.`);
}
