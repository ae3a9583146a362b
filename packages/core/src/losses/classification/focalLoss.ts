import { ShapeError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { byOption, float, mask, type InputDeclaration } from "../../loss/inputs.js";
import type { InputTag, Sampled } from "../../loss/inputTypes.js";
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
import { alongAxis, axisOfClasses, labelEntropy } from "../../math/entropy.js";
import { focalFactor, normalizedBy } from "../../math/focal.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface FocalLossOptions extends ReductionOption {
  /** How much less right predictions count. Default 2; 0 is binaryCrossEntropyWithLogits. */
  readonly gamma: number;
  /** Weight of label 1; of label 0 it is 1 - alpha. Default `"none"`: both weigh 1. */
  readonly alpha: number | "none";
  /** A label whose elements are left out. Default `"none"`. */
  readonly ignoreIndex: number | "none";
  /** The axis of the channels: 1, or -1 for the last. Default 1. */
  readonly classAxis: ClassAxis;
  /**
   * Below this probability of the label the factor is 1. Default `"none"`. Below this probability of the label the
   * factor is 1, above it `((1 − p) / threshold)^gamma`; > 0.
   */
  readonly reducedThreshold: number | "none";
  /** Divide by the sum of the factors, before the reduction. Default false. */
  readonly normalized: boolean;
}

/**
 * Binary cross-entropy of logits in which predictions count less the more they are right already.
 *
 * Inputs: `input`, logits, and `target`, labels between 0 and 1, of one shape; optional `weight` and `posWeight`, one
 * number for each channel (axis 1 or, by classAxis, the last), without a gradient. Returns that shape with `reduction: "none"`, else a scalar; the
 * mean is over what is not ignored. Equals `torchvision.ops.sigmoid_focal_loss`, whose default alpha is 0.25 and whose
 * default reduction is none.
 *
 * @formula `alpha_t (1 - p_t)^gamma BCE, p_t = p y + (1 - p)(1 - y)`
 * @input input - Logits.
 * @input target - Labels between 0 and 1.
 * @input weight - Weight of each channel.
 * @input posWeight - Weight of the label 1, for each channel.
 * @note The defaults are no alpha and the mean; torchvision has alpha 0.25, where -1 means none, and no reduction.
 * @note keras averages the last axis first, and its alpha counts only with apply_class_balancing.
 * @note Several classes are categoricalFocalLoss; this one over one-hot labels is one against the rest.
 * @see Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017
 * @throws ShapeError if target has another shape, or weights meet an input without channels; OptionError on an option
 * out of range.
 * @example
 * ```ts
 * const loss = await backend.compile(focalLoss({ alpha: 0.25 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [2.1, -0.4], target: [1, 0] });
 * ```
 */
export const focalLoss: Loss<
  FocalLossOptions,
  { input: "float"; target: "float"; weight?: "fixed"; posWeight?: "fixed" } & Sampled
> = defineLoss({
  name: "focalLoss",
  family: "classification",
  aliases: ["sigmoid_focal_loss", "sigmoidFocalLoss", "BinaryFocalCrossentropy", "FocalLoss"],
  inputs: { input: perElement(float), target: perElement(float) },
  optionalInputs: {
    weight: float(["C"], { differentiable: false }),
    posWeight: float(["C"], { differentiable: false }),
    sampleWeight: perElement(float),
    mask: perElement(mask),
  },
  options: {
    gamma: nonNegative(2),
    alpha: orNone(fraction(0.25)),
    ignoreIndex: orNone(integer(-100)),
    classAxis: classAxis(),
    reducedThreshold: orNone(positive(0.5)),
    normalized: flag(false),
    reduction: reduction(),
  },
  value({ input, target, weight, posWeight }, { alpha, ignoreIndex, normalized, classAxis: axis, ...focal }) {
    const ignored = ignoreIndex === "none" ? undefined : target.equal(ignoreIndex);
    const counted = (x: Tensor): Tensor => ignored?.where(0, x) ?? x;
    const y = counted(target);
    const mix = (ofOne: Tensor, ofZero: Tensor): Tensor => y.mul(ofOne).add(y.neg().add(1).mul(ofZero));
    const factors = focalFactor(mix(input.neg().sigmoid(), input.sigmoid()), focal);
    const entropy = labelEntropy(input, y, byChannel(input, posWeight, axis));
    const classWeights = [
      byChannel(input, weight, axis),
      alpha === "none" ? undefined : y.mul(2 * alpha - 1).add(1 - alpha),
    ];
    const costs = classWeights.reduce<Tensor>(
      (product, own) => (own === undefined ? product : product.mul(own)),
      factors.mul(entropy),
    );
    const kept = counted(costs);
    const values = normalized ? counted(normalizedBy(kept, counted(factors))) : kept;
    return ignored === undefined ? values : { values, weights: ignored.not().cast(values.dtype) };
  },
});

/** An input with a number for each element. */
function perElement<K extends InputTag>(
  declare: (shape: readonly string[]) => InputDeclaration<K>,
): InputDeclaration<K> {
  return byOption("classAxis", [
    [1, declare(["N?", "C?", "...d"])],
    [-1, declare(["N?", "...d", "C"])],
  ]);
}

/** A number for each channel, along its axis of x. */
function byChannel(x: Tensor, weights: Tensor | undefined, axis: ClassAxis): Tensor | undefined {
  if (weights === undefined) return weights;
  if (x.rank > 1 || axis === -1) return alongAxis(weights, x, axisOfClasses(x, axis));
  throw new ShapeError(`focalLoss: input must have channels along axis 1 for their weights, got ${x.rank} axes.`);
}
