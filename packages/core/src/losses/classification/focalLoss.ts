import { ShapeError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import {
  flag,
  fraction,
  integer,
  nonNegative,
  orNone,
  positive,
  reduction,
  type Reduction,
} from "../../loss/options.js";
import { labelEntropy } from "../../math/entropy.js";
import { focalFactor, normalizedBy } from "../../math/focal.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface FocalLossOptions {
  /** How much less right predictions count; ≥ 0. Default 2; 0 is binaryCrossEntropyWithLogits. */
  readonly gamma: number;
  /** Weight of label 1, of label 0 it is 1 − alpha; in [0, 1]. Default `"none"`: both weigh 1. */
  readonly alpha: number | "none";
  /** A label whose elements are left out. Default `"none"`. */
  readonly ignoreIndex: number | "none";
  /** Below this probability of the label the factor is 1, above it `((1 − p) / threshold)^gamma`; > 0. Default `"none"`. */
  readonly reducedThreshold: number | "none";
  /** Divide by the sum of the factors, before the reduction. Default false. */
  readonly normalized: boolean;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Binary cross-entropy of logits in which predictions count less the more they are right already.
 *
 * `α_t (1 − p_t)^gamma · BCE`, `p_t = p y + (1 − p)(1 − y)`, `α_t = alpha y + (1 − alpha)(1 − y)`
 *
 * Inputs: `input`, logits, and `target`, labels between 0 and 1, of one shape; optional `weight` and `posWeight`, one number for each
 * channel (axis 1), without a gradient. Returns that shape with `reduction: "none"`, else a scalar; the mean is over what is not
 * ignored. Equals `torchvision.ops.sigmoid_focal_loss`, whose default alpha is 0.25 and whose default reduction is none.
 *
 * @throws ShapeError if target has another shape, or weights meet an input without channels; OptionError on an option out of range.
 * @example
 * ```ts
 * const loss = await backend.compile(focalLoss({ alpha: 0.25 }));
 * const { value, grads } = await loss.valueAndGrad({ input: [2.1, -0.4], target: [1, 0] });
 * ```
 */
export const focalLoss: Loss<
  FocalLossOptions,
  { input: "float"; target: "float"; weight?: "fixed"; posWeight?: "fixed" }
> = defineLoss({
  name: "focalLoss",
  family: "classification",
  summary: "Binary cross-entropy of logits in which predictions count less the more they are right already.",
  formula: "alpha_t (1 - p_t)^gamma BCE, p_t = p y + (1 - p)(1 - y)",
  notes: [
    "The defaults are no alpha and the mean; torchvision has alpha 0.25, where -1 means none, and no reduction.",
    "keras averages the last axis first, and its alpha counts only with apply_class_balancing.",
    "Several classes are categoricalFocalLoss; this one over one-hot labels is one against the rest.",
  ],
  references: ["Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017"],
  aliases: ["sigmoid_focal_loss", "sigmoidFocalLoss", "BinaryFocalCrossentropy", "FocalLoss"],
  inputs: {
    input: float(["N?", "C?", "...d"], "Logits."),
    target: float(["N?", "C?", "...d"], "Labels between 0 and 1."),
  },
  optionalInputs: {
    weight: float(["C"], "Weight of each channel.", { differentiable: false }),
    posWeight: float(["C"], "Weight of the label 1, for each channel.", { differentiable: false }),
  },
  options: {
    gamma: nonNegative(2, "How much less right predictions count."),
    alpha: orNone(fraction(0.25, "Weight of label 1; of label 0 it is 1 - alpha.")),
    ignoreIndex: orNone(integer(-100, "A label whose elements are left out.")),
    reducedThreshold: orNone(positive(0.5, "Below this probability of the label the factor is 1.")),
    normalized: flag(false, "Divide by the sum of the factors, before the reduction."),
    reduction: reduction(),
  },
  value({ input, target, weight, posWeight }, { alpha, ignoreIndex, normalized, ...focal }) {
    const ignored = ignoreIndex === "none" ? undefined : target.equal(ignoreIndex);
    const counted = (x: Tensor): Tensor => ignored?.where(0, x) ?? x;
    const y = counted(target);
    const mix = (ofOne: Tensor, ofZero: Tensor): Tensor => y.mul(ofOne).add(y.neg().add(1).mul(ofZero));
    const factors = focalFactor(mix(input.neg().sigmoid(), input.sigmoid()), focal);
    const entropy = labelEntropy(input, y, byChannel(input, posWeight));
    const classWeights = [byChannel(input, weight), alpha === "none" ? undefined : y.mul(2 * alpha - 1).add(1 - alpha)];
    const costs = classWeights.reduce<Tensor>(
      (product, own) => (own === undefined ? product : product.mul(own)),
      factors.mul(entropy),
    );
    const kept = counted(costs);
    const values = normalized ? counted(normalizedBy(kept, counted(factors))) : kept;
    return ignored === undefined ? values : { values, weights: ignored.not().cast(values.dtype) };
  },
});

/** A number for each channel, axis 1 of x. */
function byChannel(x: Tensor, weights: Tensor | undefined): Tensor | undefined {
  if (weights === undefined || x.rank === 2) return weights;
  if (x.rank > 2) return weights.unsqueeze(Array.from({ length: x.rank - 2 }, (_, i) => i + 1));
  throw new ShapeError(`focalLoss: input must have channels along axis 1 for their weights, got ${x.rank} axes.`);
}
