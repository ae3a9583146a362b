import { InputError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { byPresence, float, labels as labelInput, parameter } from "../../loss/inputs.js";
import { finite, reduction, type ReductionOption } from "../../loss/options.js";
import { normalize } from "../../math/norm.js";
import { pick } from "../../math/select.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface InstanceLossOptions extends ReductionOption {
  /**
   * Factor of the cosines of the form over embeddings. Default 64. Factor of the cosines of the form over
   * `embeddings`; without effect on a given classifier.
   */
  readonly gamma: number;
}

/**
 * A classifier that both modalities share tells every sample from all others.
 *
 * `CE(x W, y) + CE(z W, y)` with a given classifier; over one batch of `embeddings` `CE(gamma · x̂ x̂ᵀ, rank of y)`
 *
 * Inputs: either `image`, `text` (N, D), `weight` (D, C) and `labels` (N), integers in [0, C): the paper's form; or
 * `embeddings` (N, D) and `labels` (N), any integers: the form of pytorch-metric-learning, whose classes are the batch
 * itself, in the order of the distinct labels. Returns (N) with `reduction: "none"`, else a scalar.
 *
 * @formula `CE(x @ W, y) + CE(z @ W, y); over embeddings: CE(gamma x^ @ x^T, rank of y among the distinct labels)`
 * @input labels - Class of each sample.
 * @input embeddings - Embeddings of one batch.
 * @input image - Image embeddings.
 * @input text - Text embeddings, row i belonging to image i.
 * @input weight - The classifier that both share, a column for each class.
 * @note The paper gives each image with its captions a class of its own: W has a column for each of the training set.
 * @note The form over embeddings compares similarities within the batch with the ranks of the labels, as
 * pytorch-metric-learning does: it is meaningful where the labels are in rising order and distinct.
 * @note {@link shortestNorm}
 * @see Zheng et al.: Dual-Path Convolutional Image-Text Embeddings with Instance Loss, TOMM 2020
 * @throws InputError on a label out of range, or unless one form's inputs are given; ShapeError on sizes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(instanceLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, weight, labels: [0, 1, 2, 3] });
 * ```
 */
export const instanceLoss: Loss<
  InstanceLossOptions,
  { labels: "index"; embeddings?: "float"; image?: "float"; text?: "float"; weight?: "float" }
> = defineLoss({
  name: "instanceLoss",
  family: "matching",
  aliases: ["InstanceLoss", "dualPathLoss"],
  inputs: {
    labels: byPresence("weight", {
      given: labelInput(["N"], { below: "C" }),
      absent: labelInput(["N"]),
    }),
  },
  optionalInputs: {
    embeddings: float(["N", "D"]),
    image: float(["N", "D"]),
    text: float(["N", "D"]),
    weight: parameter(["D", "C"]),
  },
  inputSets: [["image", "text", "weight"], ["embeddings"]],
  options: { gamma: finite(64), reduction: reduction() },
  value({ embeddings, image, text, weight, labels }, { gamma }) {
    const entropy = (logits: Tensor, classes: Tensor): Tensor => pick(logits.logSoftmax(1), classes, 1).neg();
    if (embeddings !== undefined) {
      const x = normalize(embeddings);
      return entropy(x.mul(gamma).matmul(x.transpose()), rank(labels));
    }
    if (image === undefined || text === undefined || weight === undefined) {
      throw new InputError(
        "instanceLoss: inputs must be image, text and weight, or embeddings, got none.",
        "MISSING_INPUT",
      );
    }
    return entropy(image.matmul(weight), labels).add(entropy(text.matmul(weight), labels));
  },
});

/** How many distinct labels are smaller: each is counted where it occurs first. */
function rank(labels: Tensor): Tensor {
  const [row, column] = [labels.unsqueeze(1), labels.unsqueeze(0)];
  const same = row.equal(column);
  const isEarlier = same.iota(1).less(same.iota(0));
  const isFirst = same.and(isEarlier).cast("int32").sum(1).equal(0);
  return column.less(row).and(isFirst.unsqueeze(0)).cast("int32").sum(1);
}
