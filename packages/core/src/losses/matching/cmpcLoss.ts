import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels as labelInput } from "../../loss/inputs.js";
import { fraction, reduction, type Reduction } from "../../loss/options.js";
import { indexEntropy } from "../../math/entropy.js";
import { normalize, shortNormNote } from "../../math/norm.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface CmpcLossOptions {
  /** Share of the target spread evenly over the classes, in [0, 1]. Default 0. */
  readonly labelSmoothing: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Cross-modal projection classification: each embedding, projected on its partner, is classified by shared weights.
 *
 * `CE(x̃ Ŵ, y) + CE(z̃ Ŵ, y)`, `x̃ = (x · ẑ) ẑ`, `z̃ = (z · x̂) x̂`, `x̂ = x / ‖x‖`, columns of W normalised
 *
 * Inputs: `image`, `text` of shape (N, D); `weight` of shape (D, C); `labels` of shape (N), integers in [0, C). Returns
 * (N) with `reduction: "none"`, else a scalar. Norms that divide count as at least 1e-8. PyTorch has no such loss.
 *
 * @throws InputError on a label out of range; ShapeError on sizes that differ; OptionError on labelSmoothing outside [0, 1].
 * @example
 * ```ts
 * const loss = await backend.compile(cmpcLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, weight, labels: [0, 1, 1, 2] });
 * ```
 */
export const cmpcLoss: Loss<CmpcLossOptions, "image" | "text" | "weight" | "labels"> = defineLoss({
  name: "cmpcLoss",
  family: "matching",
  summary: "Each embedding, projected on its partner, is classified by weights that both modalities share.",
  formula: "CE((x.z^)z^ @ W^, y) + CE((z.x^)x^ @ W^, y), hats: normalised, columns of W",
  notes: ["The columns of weight are normalised inside; its gradient goes through the normalisation.", shortNormNote],
  references: ["Zhang, Lu: Deep Cross-Modal Projection Learning for Image-Text Matching, ECCV 2018"],
  aliases: ["CMPC", "crossModalProjectionClassification"],
  inputs: {
    image: float(["N", "D"], "Image embeddings."),
    text: float(["N", "D"], "Text embeddings, row i belonging to image i."),
    weight: float(["D", "C"], "The classifier, a column for each class."),
    labels: labelInput(["N"], "Class of each pair.", { below: "C" }),
  },
  options: {
    labelSmoothing: fraction(0, "Share of the target spread evenly over the classes."),
    reduction: reduction(),
  },
  value({ image, text, weight, labels }, { labelSmoothing }) {
    const classifier = normalize(weight, 0);
    const classify = (x: Tensor, onto: Tensor): Tensor => {
      const direction = normalize(onto);
      const projected = x.mul(direction).sum(1, true).mul(direction);
      const logProbabilities = projected.matmul(classifier).logSoftmax(1);
      const [own, ...spread] = indexEntropy(logProbabilities, labels, { axis: 1, labelSmoothing });
      return spread.reduce((sum, { values }) => sum.add(values), own.values);
    };
    return classify(image, text).add(classify(text, image));
  },
});
