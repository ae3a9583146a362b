import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels as labelInput, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { fraction, reduction, type ReductionOption } from "../../loss/options.js";
import { indexEntropy } from "../../math/entropy.js";
import { normalize } from "../../math/norm.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface CmpcLossOptions extends ReductionOption {
  /** Share of the target spread evenly over the classes. Default 0. */
  readonly labelSmoothing: number;
}

/**
 * Each embedding, projected on its partner, is classified by weights that both modalities share.
 *
 * Returns (N) with `reduction: "none"`, else a scalar.
 *
 * @formula `CE((x.z^)z^ @ W^, y) + CE((z.x^)x^ @ W^, y), hats: normalised, columns of W`
 * @input image - Image embeddings.
 * @input text - Text embeddings, row i belonging to image i.
 * @input weight - The classifier, a column for each class.
 * @input labels - Class of each pair.
 * @note The columns of weight are normalised inside; its gradient goes through the normalisation.
 * @note {@link shortestNorm}
 * @see Zhang, Lu: Deep Cross-Modal Projection Learning for Image-Text Matching, ECCV 2018
 * @throws InputError on a label out of range; ShapeError on sizes that differ; OptionError on labelSmoothing outside
 * [0, 1].
 * @example
 * ```ts
 * const loss = await backend.compile(cmpcLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, weight, labels: [0, 1, 1, 2] });
 * ```
 */
export const cmpcLoss: Loss<
  CmpcLossOptions,
  { image: "float"; text: "float"; weight: "float"; labels: "index" } & Sampled
> = defineLoss({
  name: "cmpcLoss",
  family: "matching",
  aliases: ["CMPC", "crossModalProjectionClassification"],
  inputs: {
    image: float(["N", "D"]),
    text: float(["N", "D"]),
    weight: float(["D", "C"]),
    labels: labelInput(["N"], { below: "C" }),
  },
  optionalInputs: sampleInputs(["N"]),
  options: { labelSmoothing: fraction(0), reduction: reduction() },
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
