import { InputError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { flag, nonNegative, oneOf, reduction, type Reduction } from "../../loss/options.js";
import { normalize, shortNormNote } from "../../math/norm.js";
import { diagonal, diagonalMask } from "../../math/select.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface VseLossOptions {
  /** The margin of every hinge; ≥ 0. Default 0.2. */
  readonly margin: number;
  /** Keep only the hardest negative of each row and column (VSE++). Default false: all of them (VSE0). */
  readonly maxViolation: boolean;
  /** How scores come from embeddings: `"cosine"` (default) or `"dot"`. Without effect on given scores. */
  readonly similarity: "cosine" | "dot";
  /** Default `"sum"`, as in the paper's code. */
  readonly reduction: Reduction;
}

/**
 * Hinges between each matching pair and the other pairs of the batch, summed (VSE0) or only the hardest (VSE++).
 *
 * `Σ_j max(0, margin + S_ij − S_ii) + Σ_j max(0, margin + S_ji − S_ii)` per pair i, j ≠ i;
 * with `maxViolation` each sum becomes a maximum.
 *
 * Inputs: `image` and `text` of shape (N, D), or `scores` of shape (N, N): images in rows, captions in columns, matches
 * on the diagonal. Returns (N) with `reduction: "none"`, else a scalar.
 * At a hinge's kink the gradient is that of the active side; of tied hardest negatives the first takes all of it (the
 * masked diagonal counts as a 0 among them). A batch of one costs 0. PyTorch has no such loss.
 *
 * @throws OptionError if margin is < 0; InputError unless embeddings or scores are given; ShapeError on other shapes.
 * @example
 * ```ts
 * const loss = await backend.compile(vseLoss({ margin: 0.2, maxViolation: true }));
 * const { value, grads } = await loss.valueAndGrad({ image, text });
 * ```
 */
export const vseLoss: Loss<VseLossOptions, never, "image" | "text" | "scores"> = defineLoss({
  name: "vseLoss",
  family: "matching",
  summary: "Hinges between each matching pair and the others of the batch, summed (VSE0) or the hardest only (VSE++).",
  formula:
    "sum_j [margin + S_ij - S_ii]+ + sum_j [margin + S_ji - S_ii]+, j != i; maxViolation: max_j in place of sum_j",
  notes: [
    "The sum over the batch is the default, as in the authors' code; the mean over a batch of N is N times smaller.",
    "With maxViolation the loss of a collapsed encoder is exactly 2 * N * margin: training that stays there has not begun to learn.",
    "The authors' code divides a zero vector by 0.",
    shortNormNote,
  ],
  references: [
    "Faghri, Fleet, Kiros, Fidler: VSE++: Improving Visual-Semantic Embeddings with Hard Negatives, BMVC 2018",
  ],
  aliases: ["VSE++", "vsepp", "maxHingeLoss", "imageTextContrastiveLoss"],
  inputs: {},
  optionalInputs: {
    image: float(["N", "D"], "Image embeddings."),
    text: float(["N", "D"], "Text embeddings, row i belonging to image i."),
    scores: float(["N", "N"], "Similarities: images in rows, captions in columns."),
  },
  inputSets: [["image", "text"], ["scores"]],
  options: {
    margin: nonNegative(0.2, "The margin of every hinge."),
    maxViolation: flag(false, "Keep only the hardest negative of each row and column."),
    similarity: oneOf(["cosine", "dot"], "cosine", "How scores come from embeddings."),
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
