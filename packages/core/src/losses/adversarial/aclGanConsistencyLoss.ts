import { defineLoss, type Loss } from "../../loss/define.js";
import { float, list } from "../../loss/inputs.js";
import { oneOf, reduction, type Reduction } from "../../loss/options.js";
import { labelCost, type LabelMode } from "../../math/adversarial.js";
import { scalesOf } from "../../math/scales.js";

export interface AclGanConsistencyLossOptions {
  /** Whose objective: `"generator"` (default) or `"discriminator"`. */
  readonly side: "generator" | "discriminator";
  /** `"lsgan"` (default): squared error on scores; `"vanilla"`: cross-entropy on logits. */
  readonly mode: LabelMode;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The adversarial consistency loss of ACL-GAN over several scales: adversarialConsistencyLoss at each, added.
 *
 * discriminator: `Σ_scales ℓ(identity, 0) + ℓ(reconstructed, 1)`; generator: `Σ_scales ℓ(identity, 1) + ℓ(reconstructed, 0)`
 *
 * Inputs: `reconstructed` and `identity`, lists of the consistency discriminator's scores, one tensor of any shape a scale. Each is
 * reduced on its own, then all are added; they are parts `identity0`, `reconstructed0` … `reduction: "none"` is for lists of one.
 * PyTorch has no such loss.
 *
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
  summary: "adversarialConsistencyLoss over several scales: translated-back images and identity translations are made alike.",
  formula: "sum over scales; discriminator: l(identity, 0) + l(reconstructed, 1); generator: l(identity, 1) + l(reconstructed, 0)",
  notes: [
    "There is no half in the squared form, as in the authors' code.",
    '"vanilla" takes logits; the authors\' code applies a sigmoid and then a clamped cross-entropy.',
  ],
  references: ["Zhao, Wu, Dong: Unpaired Image-to-Image Translation using Adversarial Consistency Loss, ECCV 2020"],
  aliases: ["multiScaleConsistencyLoss"],
  inputs: {
    reconstructed: list(float(["...r"], "Scores of pairs with the translated-back image, scale by scale.")),
    identity: list(float(["...f|r"], "Scores of pairs with the identity translation, scale by scale.")),
  },
  options: {
    side: oneOf(["generator", "discriminator"], "generator", "Whose objective."),
    mode: oneOf(["lsgan", "vanilla"], "lsgan", "Squared error on scores, or cross-entropy on logits."),
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
