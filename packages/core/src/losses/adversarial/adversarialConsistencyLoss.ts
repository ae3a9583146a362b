import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { oneOf, reduction, type ReductionOption } from "../../loss/options.js";
import { labelCost, type LabelMode } from "../../math/adversarial.js";

export interface AdversarialConsistencyLossOptions extends ReductionOption {
  /** Whose objective. Default `"generator"`. */
  readonly side: "generator" | "discriminator";
  /** Squared error on scores, or cross-entropy on logits. Default `"lsgan"`. */
  readonly mode: LabelMode;
}

/**
 * A discriminator tells translated-back images from identity translations; the generator makes them alike.
 *
 * The adversarial consistency loss of ACL-GAN: a second discriminator tells pairs (x, translated back) from pairs (x,
 * identity translation), and the generator makes them alike.
 *
 * discriminator: `ℓ(identity, 0) + ℓ(reconstructed, 1)`; generator: `ℓ(identity, 1) + ℓ(reconstructed, 0)`; `ℓ(s, y)`
 * is `(s − y)²` with `"lsgan"`, the cross-entropy of the logit s with `"vanilla"`.
 *
 * Inputs: `reconstructed` and `identity`, the consistency discriminator's scores of both kinds of pair, any shapes.
 * Each is reduced on its own, then both are added; `reduction: "none"` needs equal shapes. Both inputs have a gradient
 * on both sides.
 *
 * @formula `discriminator: l(identity, 0) + l(reconstructed, 1); generator: l(identity, 1) + l(reconstructed, 0)`
 * @input reconstructed - Scores of pairs with the translated-back image.
 * @input identity - Scores of pairs with the identity translation.
 * @note There is no half in the squared form, as in the authors' code.
 * @note Over several scales it is aclGanConsistencyLoss.
 * @note "vanilla" takes logits; the authors' code applies a sigmoid and then a clamped cross-entropy.
 * @see Zhao, Wu, Dong: Unpaired Image-to-Image Translation using Adversarial Consistency Loss, ECCV 2020
 * @throws OptionError on an unknown side or mode; ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(adversarialConsistencyLoss({ side: "discriminator" }));
 * const { value, grads } = await loss.valueAndGrad({ reconstructed: [0.8, 0.6], identity: [0.1, 0.3] });
 * ```
 */
export const adversarialConsistencyLoss: Loss<
  AdversarialConsistencyLossOptions,
  { reconstructed: "float"; identity: "float" }
> = defineLoss({
  name: "adversarialConsistencyLoss",
  family: "adversarial",
  aliases: ["ACL", "aclGanLoss"],
  inputs: { reconstructed: float(["...r"]), identity: float(["...f|r"]) },
  options: {
    side: oneOf(["generator", "discriminator"], "generator"),
    mode: oneOf(["lsgan", "vanilla"], "lsgan"),
    reduction: reduction(),
  },
  value({ reconstructed, identity }, { side, mode }) {
    const label = side === "discriminator" ? 1 : 0;
    return { terms: [labelCost(mode, identity, 1 - label), labelCost(mode, reconstructed, label)] };
  },
});
