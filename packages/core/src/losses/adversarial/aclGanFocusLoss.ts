import { defineLoss, type Loss } from "../../loss/define.js";
import { float, list } from "../../loss/inputs.js";
import { finite, nonNegative, positive, reduction, type ReductionOption } from "../../loss/options.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface AclGanFocusLossOptions extends ReductionOption {
  /** Weight of the bounds on a mask's size. Default 0.001. */
  readonly delta: number;
  /** The largest mean that costs nothing. Default 0.5. */
  readonly upper: number;
  /** The smallest mean that costs nothing. Default 0.3. */
  readonly lower: number;
  /** Keeps the pull towards 0 and 1 finite at 1/2. Default 0.01. */
  readonly eps: number;
}

/**
 * A mask of what is translated should be of bounded size, and either 0 or 1 at each pixel.
 *
 * `1/P (delta [Σ (m − upper)]₊² + delta [Σ (lower − m)]₊² + Σ 1 / (|m − ½| + eps))` per image of P pixels, averaged
 * over the masks
 *
 * Input: `focus`, a list of masks in [0, 1], each of shape (N, …). Each is reduced on its own; they are parts `mask0`,
 * `mask1` …, whose mean is the loss. Returns a scalar, or (N) with `reduction: "none"`, which is for lists of one. The
 * bounds and `|·|` have gradient 0 at their kinks.
 *
 * @formula `1/P (delta [sum(m - upper)]+^2 + delta [sum(lower - m)]+^2 + sum 1 / (|m - 1/2| + eps)), mean over masks`
 * @input focus - Masks in [0, 1].
 * @note Masks are in [0, 1]: from a tanh, (m + 1) / 2.
 * @note The sizes are those of each image, as in the paper; the authors' code sums over the batch before it squares,
 * which is the same for a batch of one.
 * @see Zhao, Wu, Dong: Unpaired Image-to-Image Translation using Adversarial Consistency Loss, ECCV 2020
 * @throws OptionError if delta is < 0, eps is not > 0 or a bound is not finite; ShapeError unless masks have two axes.
 * @example
 * ```ts
 * const loss = await backend.compile(aclGanFocusLoss());
 * const { value, grads } = await loss.valueAndGrad({ focus: [maskA, maskB, maskBack] });
 * ```
 */
export const aclGanFocusLoss: Loss<AclGanFocusLossOptions, { focus: "float[]" }> = defineLoss({
  name: "aclGanFocusLoss",
  family: "adversarial",
  aliases: ["boundedFocusMaskLoss"],
  inputs: { focus: list(float(["N", "P", "...d"])) },
  options: {
    delta: nonNegative(0.001),
    upper: finite(0.5),
    lower: finite(0.3),
    eps: positive(0.01),
    reduction: reduction(),
  },
  value({ focus }, { delta, upper, lower, eps }) {
    const cost = (mask: Tensor): Tensor => {
      const m = mask.flatten(1);
      const beyond = m.sub(upper).sum(1).relu().square();
      const short = m.neg().add(lower).sum(1).relu().square();
      const undecided = m.sub(0.5).abs().add(eps).pow(-1).sum(1);
      return beyond.add(short).mul(delta).add(undecided).div(m.count(1));
    };
    const weight = 1 / focus.length;
    return { parts: Object.fromEntries(focus.map((mask, i) => [`mask${i}`, { part: cost(mask), weight }])) };
  },
});
