import { defineLoss, type Loss } from "../../loss/define.js";
import { float, list } from "../../loss/inputs.js";
import { oneOf, reduction, type ReductionOption } from "../../loss/options.js";
import { labelCost, type LabelMode } from "../../math/adversarial.js";
import { scalesOf } from "../../math/scales.js";

export interface AclGanConsistencyLossOptions extends ReductionOption {
  /** Whose objective. Default `"generator"`. */
  readonly side: "generator" | "discriminator";
  /** Squared error on scores, or cross-entropy on logits. Default `"lsgan"`. */
  readonly mode: LabelMode;
}

/**
 * Translated-back images and identity translations are made alike at several scales.
 *
 * The adversarial consistency loss of ACL-GAN over several scales: adversarialConsistencyLoss at each, added.
 *
 * Inputs: `reconstructed` and `identity`, lists of the consistency discriminator's scores, one tensor of any shape a
 * scale. Each is reduced on its own, then all are added; they are parts `identity0`, `reconstructed0` … `reduction:
 * "none"` is for lists of one.
 *
 * @formula `sum over scales; discriminator: l(identity, 0) + l(reconstructed, 1); generator: l(identity, 1) +
 * l(reconstructed, 0)`
 * @input reconstructed - Scores of pairs with the translated-back image, scale by scale.
 * @input identity - Scores of pairs with the identity translation, scale by scale.
 * @note There is no half in the squared form, as in the authors' code.
 * @note "vanilla" takes logits; the authors' code applies a sigmoid and then a clamped cross-entropy.
 * @see Zhao, Wu, Dong: Unpaired Image-to-Image Translation using Adversarial Consistency Loss, ECCV 2020
 * @throws OptionError on an unknown side or mode; InputError on lists that differ in length.
 * @example
 * ```ts
 * const loss = await backend.compile(aclGanConsistencyLoss());
 * const { value, grads } = await loss.valueAndGrad({ reconstructed: [fine, coarse], identity: [fine2, coarse2] });
 * ```
 */
export const aclGanConsistencyLoss: Loss<
  AclGanConsistencyLossOptions,
  { reconstructed: "float[]"; identity: "float[]" }
> = defineLoss({
  name: "aclGanConsistencyLoss",
  family: "adversarial",
  aliases: ["multiScaleConsistencyLoss"],
  inputs: { reconstructed: list(float(["...r"])), identity: list(float(["...f|r"])) },
  options: {
    side: oneOf(["generator", "discriminator"], "generator"),
    mode: oneOf(["lsgan", "vanilla"], "lsgan"),
    reduction: reduction(),
  },
  value({ reconstructed, identity }, { side, mode }) {
    const label = side === "discriminator" ? 1 : 0;
    const scales = scalesOf("aclGanConsistencyLoss", { reconstructed, identity });
    const parts = scales.flatMap((scale, i) => [
      [`identity${i}`, labelCost(mode, scale.identity, 1 - label)] as const,
      [`reconstructed${i}`, labelCost(mode, scale.reconstructed, label)] as const,
    ]);
    return { parts: Object.fromEntries(parts) };
  },
});
