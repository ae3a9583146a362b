import { InputError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { byPresence, float, labels as labelInput, parameter } from "../../loss/inputs.js";
import { finite, reduction, type Reduction } from "../../loss/options.js";
import { normalize, shortNormNote } from "../../math/norm.js";
import { pick } from "../../math/select.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface InstanceLossOptions {
  /** Factor of the cosines of the form over `embeddings`; without effect on a given classifier. Default 64. */
  readonly gamma: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Instance loss: a classifier that both modalities share tells every sample from all others.
 *
 * `CE(x W, y) + CE(z W, y)` with a given classifier; over one batch of `embeddings` `CE(gamma · x̂ x̂ᵀ, rank of y)`
 *
 * Inputs: either `image`, `text` (N, D), `weight` (D, C) and `labels` (N), integers in [0, C): the paper's form; or `embeddings`
 * (N, D) and `labels` (N), any integers: the form of pytorch-metric-learning, whose classes are the batch itself, in the order
 * of the distinct labels. Returns (N) with `reduction: "none"`, else a scalar.
 *
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
  summary: "A classifier that both modalities share tells every sample from all others.",
  formula: "CE(x @ W, y) + CE(z @ W, y); over embeddings: CE(gamma x^ @ x^T, rank of y among the distinct labels)",
  notes: [
    "The paper gives each image with its captions a class of its own: W has a column for each of the training set.",
    "The form over embeddings compares similarities within the batch with the ranks of the labels, as pytorch-metric-learning does: it is meaningful where the labels are in rising order and distinct.",
    shortNormNote,
  ],
  references: ["Zheng et al.: Dual-Path Convolutional Image-Text Embeddings with Instance Loss, TOMM 2020"],
  aliases: ["InstanceLoss", "dualPathLoss"],
  inputs: {
    labels: byPresence("weight", {
      given: labelInput(["N"], "Class of each sample.", { below: "C" }),
      absent: labelInput(["N"], "Class of each sample."),
    }),
  },
  optionalInputs: {
    embeddings: float(["N", "D"], "Embeddings of one batch."),
    image: float(["N", "D"], "Image embeddings."),
    text: float(["N", "D"], "Text embeddings, row i belonging to image i."),
    weight: parameter(["D", "C"], "The classifier that both share, a column for each class."),
  },
  inputSets: [["image", "text", "weight"], ["embeddings"]],
  options: {
    gamma: finite(64, "Factor of the cosines of the form over embeddings."),
    reduction: reduction(),
  },
  value({ embeddings, image, text, weight, labels }, { gamma }) {
    const entropy = (logits: Tensor, classes: Tensor): Tensor => pick(logits.logSoftmax(1), classes, 1).neg();
    if (embeddings !== undefined) {
      const x = normalize(embeddings);
      return entropy(x.mul(gamma).matmul(x.transpose()), rank(labels));
    }
    if (image === undefined || text === undefined || weight === undefined) {
      throw new InputError("instanceLoss: inputs must be image, text and weight, or embeddings, got none.", "MISSING_INPUT");
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
