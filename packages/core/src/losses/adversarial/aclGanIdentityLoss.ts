import { defineLoss, type Loss } from "../../loss/define.js";
import { float, list } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { scalesOf } from "../../math/scales.js";

export type AclGanIdentityLossOptions = ReductionOption;

/**
 * An image encoded with its own style is reconstructed, in each domain.
 *
 * Inputs: `input` and `target`, lists of images, one tensor of any shape a domain. Each is reduced on its own, then all
 * are added; they are parts `domain0`, `domain1` … `reduction: "none"` is for lists of one. `|·|` has gradient 0 at 0.
 *
 * @formula `sum over domains of |input - target|`
 * @input input - Reconstructed images, domain by domain.
 * @input target - The images, domain by domain.
 * @note Of one domain it is PyTorch's l1_loss.
 * @see Zhao, Wu, Dong: Unpaired Image-to-Image Translation using Adversarial Consistency Loss, ECCV 2020
 * @throws InputError on lists that differ in length; ShapeError on images that differ in shape.
 * @example
 * ```ts
 * const loss = await backend.compile(aclGanIdentityLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [backA, backB], target: [a, b] }, ["input"]);
 * ```
 */
export const aclGanIdentityLoss: Loss<AclGanIdentityLossOptions, { input: "float[]"; target: "float[]" }> = defineLoss({
  name: "aclGanIdentityLoss",
  family: "adversarial",
  aliases: ["identityMappingLoss"],
  inputs: { input: list(float(["...d"])), target: list(float(["...d"])) },
  options: { reduction: reduction() },
  value({ input, target }) {
    const domains = scalesOf("aclGanIdentityLoss", { input, target });
    return { parts: Object.fromEntries(domains.map((pair, i) => [`domain${i}`, pair.input.sub(pair.target).abs()])) };
  },
});
