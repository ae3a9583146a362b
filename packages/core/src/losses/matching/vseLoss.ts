import { InputError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { flag, nonNegative, oneOf, reduction, type Reduction } from "../../loss/options.js";
import { normalize } from "../../math/norm.js";
import { diagonal, diagonalMask } from "../../math/select.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface VseLossOptions {
  /** The margin of every hinge. Default 0.2. */
  readonly margin: number;
  /** Keep only the hardest negative of each row and column. Default false: all of them (VSE0). */
  readonly maxViolation: boolean;
  /** How scores come from embeddings. Default `"cosine"`. Without effect on given scores. */
  readonly similarity: "cosine" | "dot";
  /** How the values become the result; `none` returns them as they are. Default `"sum"`, as in the paper's code. */
  readonly reduction: Reduction;
}

/**
 * Hinges between each matching pair and the others of the batch, summed (VSE0) or the hardest only (VSE++).
 *
 * A term for each pair i. Returns (N) with `reduction: "none"`, else a scalar. At a hinge's kink the gradient is that
 * of the active side; of tied hardest negatives the first takes all of it (the masked diagonal counts as a 0 among
 * them). A batch of one costs 0.
 *
 * @formula `sum_j [margin + S_ij - S_ii]+ + sum_j [margin + S_ji - S_ii]+, j != i; maxViolation: max_j in place of
 * sum_j`
 * @input image - Image embeddings.
 * @input text - Text embeddings, row i belonging to image i.
 * @input scores - Similarities: images in rows, captions in columns.
 * @note The sum over the batch is the default, as in the authors' code; the mean over a batch of N is N times smaller.
 * @note With maxViolation the loss of a collapsed encoder is exactly 2 * N * margin: training that stays there has not
 * begun to learn.
 * @note The authors' code divides a zero vector by 0.
 * @note {@link shortestNorm}
 * @see Faghri, Fleet, Kiros, Fidler: VSE++: Improving Visual-Semantic Embeddings with Hard Negatives, BMVC 2018
 * @throws OptionError if margin is < 0; InputError unless embeddings or scores are given; ShapeError on other shapes.
 * @example
 * ```ts
 * const loss = await backend.compile(vseLoss({ margin: 0.2, maxViolation: true }));
 * const { value, grads } = await loss.valueAndGrad({ image, text });
 * ```
 */
export const vseLoss: Loss<VseLossOptions, { image?: "float"; text?: "float"; scores?: "float" }> = defineLoss({
  name: "vseLoss",
  family: "matching",
  aliases: ["VSE++", "vsepp", "maxHingeLoss", "imageTextContrastiveLoss"],
  inputs: {},
  optionalInputs: { image: float(["N", "D"]), text: float(["N", "D"]), scores: float(["N", "N"]) },
  inputSets: [["image", "text"], ["scores"]],
  options: {
    margin: nonNegative(0.2),
    maxViolation: flag(false),
    similarity: oneOf(["cosine", "dot"], "cosine"),
    reduction: reduction("sum"),
  },
  value({ image, text, scores }, { margin, maxViolation, similarity }) {
    const s = scores ?? similarities(image, text, similarity);
    const matches = diagonalMask(s);
    const own = diagonal(s);
    const hinge = (matched: Tensor): Tensor => matches.where(0, s.add(margin).sub(matched).clampMin(0));
    const captions = hinge(own.unsqueeze(1));
    const images = hinge(own.unsqueeze(0));
    return maxViolation ? captions.max(1).add(images.max(0)) : captions.sum(1).add(images.sum(0));
  },
});

function similarities(image: Tensor | undefined, text: Tensor | undefined, similarity: "cosine" | "dot"): Tensor {
  if (image === undefined || text === undefined) {
    throw new InputError("vseLoss: inputs must be image and text, or scores, got only some of them.", "MISSING_INPUT");
  }
  const [rows, columns] = similarity === "cosine" ? [normalize(image), normalize(text)] : [image, text];
  return rows.matmul(columns.transpose());
}
