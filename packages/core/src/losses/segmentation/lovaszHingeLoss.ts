import { defineLoss, type Loss } from "../../loss/define.js";
import { float, number } from "../../loss/inputs.js";
import { flag, integer, noReduction, orNone } from "../../loss/options.js";
import { lovasz } from "../../math/lovasz.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface LovaszHingeLossOptions {
  /** Each image by itself, then their mean. Default false: all pixels together. */
  readonly perImage: boolean;
  /** A target value whose pixels are left out. Default `"none"`. */
  readonly ignoreIndex: number | "none";
  /** How the values become the result; `none` returns them as they are. Default `"none"`. */
  readonly reduction: "none";
}

/**
 * The Lovász hinge: a convex surrogate of the Jaccard loss of a binary segmentation.
 *
 * `Σ_i max(0, e_(i)) ΔJ_i` over errors `e = 1 − x (2y − 1)` in falling order; ΔJ is what each adds to the Jaccard loss
 *
 * Inputs: `input`, logits (N, d₁…), and `target` of the same shape, 0 or 1, without a gradient. Returns a scalar. No
 * gradient flows through the order. Without pixels that count it is 0. Equals LovaszLoss of segmentation-models-pytorch
 * in binary mode.
 *
 * @formula `sum_i max(0, e_(i)) dJ_i, e = 1 - x (2y - 1) in falling order`
 * @input input - Logits.
 * @input target - 0 or 1.
 * @note All pixels of the batch are sorted together by default; kornia takes each image by itself.
 * @see Berman, Rannen Triki, Blaschko: The Lovász-Softmax Loss, CVPR 2018
 * @throws ShapeError if target has another shape.
 * @example
 * ```ts
 * const loss = await backend.compile(lovaszHingeLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [[2, -1, 0.5]], target: [[1, 0, 1]] });
 * ```
 */
export const lovaszHingeLoss: Loss<LovaszHingeLossOptions, { input: "float"; target: "fixed" }> = defineLoss({
  name: "lovaszHingeLoss",
  family: "segmentation",
  aliases: ["lovasz_hinge", "LovaszHingeLoss", "lovaszHinge"],
  inputs: { input: float(["N", "...d"]), target: number(["N", "...d"], { differentiable: false }) },
  options: { perImage: flag(false), ignoreIndex: orNone(integer(-100)), reduction: noReduction() },
  value({ input, target }, { perImage, ignoreIndex }) {
    const errors = input.mul(target.mul(2).sub(1)).neg().add(1);
    const ignored = ignoreIndex === "none" ? undefined : target.equal(ignoreIndex);
    // Behind all others they add nothing.
    const [e, y] = [ignored?.where(-Infinity, errors) ?? errors, ignored?.where(0, target) ?? target];
    const rows = (all: Tensor): Tensor => {
      if (!perImage) return all.flatten().unsqueeze(0);
      return all.rank === 1 ? all.unsqueeze(1) : all.flatten(1);
    };
    return lovasz(rows(e), rows(y), (falling) => falling.relu()).mean();
  },
});
