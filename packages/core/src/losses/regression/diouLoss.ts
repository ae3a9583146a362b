import { defineLoss, type Loss } from "../../loss/define.js";
import { float, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { nonNegative, reduction, type ReductionOption } from "../../loss/options.js";
import { boxPairs, corners } from "../../math/boxes.js";

export interface DiouLossOptions extends ReductionOption {
  /** Added to what is divided by. Default 1e-7. */
  readonly eps: number;
}

/**
 * How far boxes are from each other: by what they have in common and by their centres.
 *
 * `1 − IoU + ρ² / c²`; ρ is the distance of the centres, c the diagonal of the least box around both
 *
 * Returns the leading axes with `reduction: "none"`, else a scalar; the mean over no boxes is 0. Coordinates that
 * coincide share their gradient; boxes that only touch have none through their intersection. Equals
 * `torchvision.ops.distance_box_iou_loss`, whose default reduction is none.
 *
 * @formula `1 - IoU + rho^2 / c^2`
 * @input boxes1 - Corners x1 y1 x2 y2 of predicted boxes.
 * @input boxes2 - Corners of the true boxes.
 * @note The default reduction is mean, where torchvision's is none.
 * @note ciouLoss adds a term for the shapes.
 * @note The mean over no boxes is 0.
 * @see Zheng et al.: Distance-IoU Loss, AAAI 2020
 * @throws ShapeError on shapes that differ or do not end with 4; OptionError if eps is negative.
 * @example
 * ```ts
 * const loss = await backend.compile(diouLoss());
 * const { value } = await loss.valueAndGrad({ boxes1: [[0, 0, 2, 2]], boxes2: [[1, 1, 3, 4]] });
 * ```
 */
export const diouLoss: Loss<DiouLossOptions, { boxes1: "float"; boxes2: "float" } & Sampled> = defineLoss({
  name: "diouLoss",
  family: "regression",
  aliases: ["distance_box_iou_loss", "distanceBoxIouLoss", "DIoU"],
  empty: "zero",
  inputs: { boxes1: float(["...n", 4]), boxes2: float(["...n", 4]) },
  optionalInputs: sampleInputs(["...n"]),
  options: { eps: nonNegative(1e-7), reduction: reduction() },
  value({ boxes1, boxes2 }, { eps }) {
    const { intersection, union, around, centerDistance } = boxPairs(corners(boxes1), corners(boxes2));
    const [width, height] = around;
    const diagonal = width.square().add(height.square()).add(eps);
    return intersection.div(union.add(eps)).neg().add(1).add(centerDistance.div(diagonal));
  },
});
