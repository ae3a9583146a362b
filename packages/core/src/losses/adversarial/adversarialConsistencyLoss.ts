import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { oneOf, reduction, type ReductionOption } from "../../loss/options.js";
import { binaryEntropy } from "../../math/entropy.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface AdversarialConsistencyLossOptions extends ReductionOption {
  /** Whose objective. Default `"generator"`. */
  readonly side: "generator" | "discriminator";
  /** Squared error on scores, or cross-entropy on logits. Default `"lsgan"`. */
  readonly mode: "lsgan" | "vanilla";
}

/**
 * A discriminator tells translated-back images from identity translations; the generator makes them alike.
 *
 * Of ACL-GAN: pairs (x, translated back) and (x, identity translation). `l(s, y)` is `(s − y)²` with `"lsgan"`, the
 * cross-entropy of the logit s with `"vanilla"`. Each input is reduced on its own, then both are added; `reduction:
 * "none"` needs equal shapes. Both inputs have a gradient on both sides.
 *
 * @formula `discriminator: l(identity, 0) + l(reconstructed, 1); generator: l(identity, 1) + l(reconstructed, 0)`
 * @input reconstructed - Scores of pairs with the translated-back image.
 * @input identity - Scores of pairs with the identity translation.
 * @note There is no half in the squared form, as in the authors' code.
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
    const cost = (score: Tensor, y: number): Tensor =>
      mode === "lsgan" ? score.sub(y).square() : binaryEntropy(score, y);
    return { terms: [cost(identity, 1 - label), cost(reconstructed, label)] };
  },
});
