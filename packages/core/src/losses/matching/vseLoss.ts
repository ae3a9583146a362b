import { InputError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { byPresence, float } from "../../loss/inputs.js";
import { oneOf, reduction, type Reduction } from "../../loss/options.js";
import { captionInputs, matchingCost, matchingOptions, scoreInput, type MatchingOptions } from "../../math/matching.js";
import { normalize, vectorNorm } from "../../math/norm.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface VseLossOptions extends MatchingOptions {
  /** How scores come from embeddings. Default `"cosine"`. */
  readonly similarity: "cosine" | "dot" | "order";
  /** How the values become the result; `none` returns them as they are. Default `"sum"`, as in the paper's code. */
  readonly reduction: Reduction;
}

/**
 * Hinges between each matching pair and the others of the batch, summed (VSE0) or the hardest only (VSE++).
 *
 * `Σ_k max(0, margin + S_rk − S_rj) + Σ_i max(0, margin + S_ij − S_rj)` for caption j of image r, over other images'
 * captions k and over other images i; with `maxViolation` each sum becomes a maximum.
 *
 * `labels` (M) say which image each caption belongs to; without them M = N and caption i belongs to image i. `matches`
 * (N, M) marks further pairs that are no negatives. Returns (M) with `reduction: "none"`, else a scalar. `"order"` is
 * the order embeddings' `−‖max(0, text − image)‖₂`, of N·M·D differences, with gradient 0 where the order holds. At a
 * hinge's kink the gradient is that of the active side; of tied hardest negatives the first takes all of it (what is no
 * negative counts as a 0 among them). A batch of one costs 0.
 *
 * @formula `sum_k [margin + S_rk - S_rj]+ + sum_i [margin + S_ij - S_rj]+ for caption j of image r; maxViolation: max
 * in place of sum`
 * @input image - Image embeddings.
 * @input text - Text embeddings, row i belonging to image i, or to the image that labels say.
 * @input scores - Similarities: images in rows, captions in columns.
 * @input labels - The image that each caption belongs to; without them caption i belongs to image i.
 * @input matches - Pairs that are no negatives, besides the captions' own.
 * @note The sum over the batch is the default, as in the authors' code; the mean over a batch of N is N times smaller.
 * @note Captions of one image are no negatives of each other: labels give each caption its image, and there may be more
 * captions than images. A pair that matches besides (an image that occurs twice) is left out by matches.
 * @note With maxViolation the loss of a collapsed encoder is exactly 2 * margin for each caption: training that stays
 * there has not begun to learn.
 * @note semiHard leaves out negatives at least as similar as the match. softMargin keeps the margin inside: log(1 +
 * exp(margin + s- - s+)).
 * @note similarity "order" takes embeddings without negative elements (the authors take the absolute value). Their code
 * gives NaN gradients between equal vectors, this loss 0.
 * @note The authors' code divides a zero vector by 0.
 * @note {@link shortestNorm}
 * @see Faghri, Fleet, Kiros, Fidler: VSE++: Improving Visual-Semantic Embeddings with Hard Negatives, BMVC 2018
 * @see Vendrov, Kiros, Fidler, Urtasun: Order-Embeddings of Images and Language, ICLR 2016
 * @throws OptionError if margin is < 0; InputError unless embeddings or scores are given, or on a label that names no
 * image; ShapeError on other shapes.
 * @example
 * ```ts
 * const loss = await backend.compile(vseLoss({ margin: 0.2, maxViolation: true }));
 * const { value, grads } = await loss.valueAndGrad({ image, text, labels: [0, 0, 1, 1, 2] });
 * ```
 */
export const vseLoss: Loss<
  VseLossOptions,
  { image?: "float"; text?: "float"; scores?: "float"; labels?: "index"; matches?: "mask" }
> = defineLoss({
  name: "vseLoss",
  family: "matching",
  aliases: ["VSE++", "vsepp", "maxHingeLoss", "imageTextContrastiveLoss", "orderEmbeddingLoss"],
  inputs: {},
  optionalInputs: {
    image: float(["N", "D"]),
    text: byPresence("labels", {
      given: float(["M", "D"]),
      absent: float(["N", "D"]),
    }),
    scores: scoreInput(),
    ...captionInputs,
  },
  inputSets: [["image", "text"], ["scores"]],
  options: {
    ...matchingOptions(),
    similarity: oneOf(["cosine", "dot", "order"], "cosine"),
    reduction: reduction("sum"),
  },
  value: ({ image, text, scores, ...captions }, { similarity, ...options }) =>
    matchingCost(scores ?? similarities(image, text, similarity), captions, options),
});

function similarities(
  image: Tensor | undefined,
  text: Tensor | undefined,
  similarity: VseLossOptions["similarity"],
): Tensor {
  if (image === undefined || text === undefined) {
    throw new InputError("vseLoss: inputs must be image and text, or scores, got only some of them.", "MISSING_INPUT");
  }
  switch (similarity) {
    case "cosine":
      return normalize(image).matmul(normalize(text).transpose());
    case "dot":
      return image.matmul(text.transpose());
    case "order":
      return vectorNorm(text.unsqueeze(0).sub(image.unsqueeze(1)).relu(), 2).neg();
  }
}
