import { defineLoss, type Loss } from "../../loss/define.js";
import { float, list } from "../../loss/inputs.js";
import { oneOf, reduction, type ReductionOption } from "../../loss/options.js";
import { labelCost, type LabelMode } from "../../math/adversarial.js";
import { scalesOf } from "../../math/scales.js";

export interface AclGanDiscriminatorLossOptions extends ReductionOption {
  /** Squared error on scores, or cross-entropy on logits. Default `"lsgan"`. */
  readonly mode: LabelMode;
}

/**
 * The discriminator tells real from translated images at several scales.
 *
 * The discriminator's adversarial loss of ACL-GAN, over several scales.
 *
 * `Σ_scales ℓ(real, 1) + ℓ(fake, 0)`; `ℓ(s, y)` is `(s − y)²` with `"lsgan"`, the cross-entropy of the logit s with
 * `"vanilla"`
 *
 * Inputs: `real` and `fake`, lists of scores, one tensor of any shape a scale. Each is reduced on its own, then all are
 * added; they are parts `real0`, `fake0`, `real1` … `reduction: "none"` is for lists of one.
 *
 * @formula `sum over scales of l(real, 1) + l(fake, 0)`
 * @input real - Scores of real images, scale by scale.
 * @input fake - Scores of translated images, scale by scale.
 * @note There is no half in the squared form, as in the authors' code; lsganDiscriminatorLoss has it.
 * @note Where two kinds of translated image are judged, the authors take half of this loss for each.
 * @see Zhao, Wu, Dong: Unpaired Image-to-Image Translation using Adversarial Consistency Loss, ECCV 2020
 * @throws OptionError on an unknown mode; InputError on lists that differ in length.
 * @example
 * ```ts
 * const loss = await backend.compile(aclGanDiscriminatorLoss());
 * const { value, grads } = await loss.valueAndGrad({ real: [fine, coarse], fake: [fakeFine, fakeCoarse] });
 * ```
 */
export const aclGanDiscriminatorLoss: Loss<AclGanDiscriminatorLossOptions, { real: "float[]"; fake: "float[]" }> =
  defineLoss({
    name: "aclGanDiscriminatorLoss",
    family: "adversarial",
    aliases: ["multiScaleDiscriminatorLoss"],
    inputs: { real: list(float(["...r"])), fake: list(float(["...f|r"])) },
    options: { mode: oneOf(["lsgan", "vanilla"], "lsgan"), reduction: reduction() },
    value({ real, fake }, { mode }) {
      const scales = scalesOf("aclGanDiscriminatorLoss", { real, fake });
      const parts = scales.flatMap((scale, i) => [
        [`real${i}`, labelCost(mode, scale.real, 1)] as const,
        [`fake${i}`, labelCost(mode, scale.fake, 0)] as const,
      ]);
      return { parts: Object.fromEntries(parts) };
    },
  });
