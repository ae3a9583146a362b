import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { nonNegative, reduction, type ReductionOption } from "../../loss/options.js";
import { boxPairs, corners, heightOf, widthOf } from "../../math/boxes.js";

export interface CiouLossOptions extends ReductionOption {
  /** Added to the divisor of the weight of the shapes' difference. Default 1e-7. */
  readonly eps: number;
}

/** What torchvision adds to the other divisors, whatever eps is. */
const fixedEps = 1e-7;

/**
 * How far boxes are from each other: by what they have in common, by their centres and by their shapes.
 *
 * `1 − IoU + ρ² / c² + α v`, `v = 4/π² (atan(w₂/h₂) − atan(w₁/h₁))²`, `α = v / (1 − IoU + v + eps)` without gradient; ρ
 * is the distance of the centres, c the diagonal of the least box around both
 *
 * Returns the leading axes with `reduction: "none"`, else a scalar; the mean over no boxes is 0. Coordinates that
 * coincide share their gradient; boxes that only touch have none through their intersection. Equals
 * `torchvision.ops.complete_box_iou_loss`, whose default reduction is none.
 *
 * @formula `1 - IoU + rho^2 / c^2 + alpha v`
 * @input boxes1 - Corners x1 y1 x2 y2 of predicted boxes.
 * @input boxes2 - Corners of the true boxes.
 * @note The default reduction is mean, where torchvision's is none.
 * @note As in torchvision, eps joins one divisor only: the others have 1e-7 whatever it is.
 * @note The mean over no boxes is 0.
 * @see Zheng et al.: Distance-IoU Loss, AAAI 2020
 * @throws ShapeError on shapes that differ or do not end with 4; OptionError if eps is negative.
 * @example
 * ```ts
 * const loss = await backend.compile(ciouLoss());
 * const { value } = await loss.valueAndGrad({ boxes1: [[0, 0, 2, 2]], boxes2: [[1, 1, 3, 4]] });
 * ```
 */
export const ciouLoss: Loss<CiouLossOptions, { boxes1: "float"; boxes2: "float" } & Sampled> = defineLoss({
  name: "ciouLoss",
  family: "regression",
  aliases: ["complete_box_iou_loss", "completeBoxIouLoss", "CIoU"],
  empty: "zero",
  inputs: { boxes1: float(["...n", 4]), boxes2: float(["...n", 4]) },
  optionalInputs: sampleInputs(["...n"]),
  options: { eps: nonNegative(1e-7), reduction: reduction() },
  value({ boxes1, boxes2 }, { eps }) {
    const [a, b] = [corners(boxes1), corners(boxes2)];
    const { intersection, union, around, centerDistance } = boxPairs(a, b);
    const apart = intersection.div(union.add(fixedEps)).neg().add(1);
    const [width, height] = around;
    const diagonal = width.square().add(height.square()).add(fixedEps);
    const angle = widthOf(b)
      .div(heightOf(b))
      .atan()
      .sub(widthOf(a).div(heightOf(a)).atan());
    const v = angle.square().mul(4 / Math.PI ** 2);
    const alpha = v.div(apart.add(v).add(eps)).detach();
    return apart.add(centerDistance.div(diagonal)).add(alpha.mul(v));
  },
});
