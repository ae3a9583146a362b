import { defineLoss, type Loss } from "../../loss/define.js";
import { float, list } from "../../loss/inputs.js";
import { oneOf, reduction, type ReductionOption } from "../../loss/options.js";
import { labelCost, type LabelMode } from "../../math/adversarial.js";

export interface AclGanGeneratorLossOptions extends ReductionOption {
  /** Squared error on scores, or cross-entropy on logits. Default `"lsgan"`. */
  readonly mode: LabelMode;
}

/**
 * The generator passes its translated images off as real at several scales.
 *
 * The generator's adversarial loss of ACL-GAN, over several scales.
 *
 * `Σ_scales ℓ(fake, 1)`; `ℓ(s, y)` is `(s − y)²` with `"lsgan"`, the cross-entropy of the logit s with `"vanilla"`
 *
 * Input: `fake`, a list of scores, one tensor of any shape a scale. Each is reduced on its own, then all are added;
 * they are parts `fake0`, `fake1` … `reduction: "none"` is for lists of one.
 *
 * @formula `sum over scales of l(fake, 1)`
 * @input fake - Scores of translated images, scale by scale.
 * @note There is no half in the squared form, as in the authors' code; lsganGeneratorLoss has it.
 * @note For the source domain the authors take half of this loss for images translated back and half for identity
 * translations.
 * @see Zhao, Wu, Dong: Unpaired Image-to-Image Translation using Adversarial Consistency Loss, ECCV 2020
 * @throws OptionError on an unknown mode.
 * @example
 * ```ts
 * const loss = await backend.compile(aclGanGeneratorLoss());
 * const { value, grads } = await loss.valueAndGrad({ fake: [fine, coarse] });
 * ```
 */
export const aclGanGeneratorLoss: Loss<AclGanGeneratorLossOptions, { fake: "float[]" }> = defineLoss({
  name: "aclGanGeneratorLoss",
  family: "adversarial",
  aliases: ["multiScaleGeneratorLoss"],
  inputs: { fake: list(float(["...f"])) },
  options: { mode: oneOf(["lsgan", "vanilla"], "lsgan"), reduction: reduction() },
  value: ({ fake }, { mode }) => ({
    parts: Object.fromEntries(fake.map((scores, i) => [`fake${i}`, labelCost(mode, scores, 1)])),
  }),
});
