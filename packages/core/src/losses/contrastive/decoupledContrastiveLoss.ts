import { concat } from "../../graph/concat.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { oneOf, positive, reduction, type Reduction } from "../../loss/options.js";
import { dot } from "../../math/distance.js";
import { unit, unitNote } from "../../math/norm.js";
import { pairLogits } from "../../math/pairLogits.js";
import { diagonalMask } from "../../math/select.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface DecoupledContrastiveLossOptions {
  /** Similarities are divided by it; > 0. Default 0.1. */
  readonly temperature: number;
  /** `"none"` (default), or `"misesFisher"`: positives that are alike already count less (DCLW). */
  readonly weighting: "none" | "misesFisher";
  /** Width of that weighting; > 0. Default 0.5. */
  readonly sigma: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * NT-Xent of two views whose positive is left out of the denominator.
 *
 * `−w_i s_ii / T + log Σ exp(s / T)` over the 2(N − 1) other samples of both views; the mean of both directions
 *
 * Inputs: `viewA`, `viewB` of shape (N, D). Returns (N) with `reduction: "none"`, else a scalar.
 * Equals `lightly.DCLLoss`, and `DCLWLoss` with `weighting: "misesFisher"`: `w_i = 2 − N · softmax_i(s_ii / sigma)`, through which
 * no gradient flows. A batch of one has no negatives: −∞.
 *
 * @throws OptionError if temperature or sigma is not > 0; ShapeError if the views differ in size.
 * @example
 * ```ts
 * const loss = await backend.compile(decoupledContrastiveLoss({ temperature: 0.1 }));
 * const { value, grads } = await loss.valueAndGrad({ viewA, viewB });
 * ```
 */
export const decoupledContrastiveLoss: Loss<DecoupledContrastiveLossOptions, { viewA: "float"; viewB: "float" }> =
  defineLoss({
    name: "decoupledContrastiveLoss",
    family: "contrastive",
    summary: "NT-Xent of two views whose positive is left out of the denominator.",
    formula: "1/2 sum_directions (-w_i s_ii / T + log sum_{j != i} (exp(s_ij / T) + exp(s'_ij / T)))",
    notes: [
      "A batch of one has no negatives: the loss is -Infinity, as in lightly. Use at least two samples.",
      "No gradient flows through the weights of misesFisher.",
      unitNote,
    ],
    references: ["Yeh et al.: Decoupled Contrastive Learning, ECCV 2022"],
    aliases: ["DCLLoss", "DCLWLoss", "DCL"],
    inputs: {
      viewA: float(["N", "D"], "Embeddings of one view."),
      viewB: float(["N", "D"], "Embeddings of another view of the same samples."),
    },
    options: {
      temperature: positive(0.1, "Similarities are divided by it."),
      weighting: oneOf(["none", "misesFisher"], "none", "Whether positives that are alike already count less."),
      sigma: positive(0.5, "Width of the weighting."),
      reduction: reduction(),
    },
    value({ viewA, viewB }, { temperature, weighting, sigma }) {
      const [a, b] = [unit(viewA), unit(viewB)];
      const own = dot(a, b);
      const weight =
        weighting === "none"
          ? 1
          : own
              .mul(1 / sigma)
              .softmax(0)
              .mul(own.count(0))
              .neg()
              .add(2)
              .detach();
      const across = pairLogits(a, b, 1 / temperature);
      const others = (within: Tensor, between: Tensor): Tensor => {
        const all = [within, between].map((logits) => diagonalMask(logits).where(-Infinity, logits));
        return concat(all, 1).logSumExp(1);
      };
      const inA = others(pairLogits(a, a, 1 / temperature), across);
      const inB = others(pairLogits(b, b, 1 / temperature), across.transpose());
      return inA
        .add(inB)
        .mul(0.5)
        .sub(own.mul(weight).mul(1 / temperature));
    },
  });
