import { concat } from "../../graph/concat.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { oneOf, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { dot } from "../../math/distance.js";
import { unit } from "../../math/norm.js";
import { pairLogits } from "../../math/pairLogits.js";
import { diagonalMask } from "../../math/select.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface DecoupledContrastiveLossOptions extends ReductionOption {
  /** Similarities are divided by it. Default 0.1. */
  readonly temperature: number;
  /** Whether positives that are alike already count less. Default `"none"`. */
  readonly weighting: "none" | "misesFisher";
  /** Width of the weighting. Default 0.5. */
  readonly sigma: number;
}

/**
 * NT-Xent of two views whose positive is left out of the denominator.
 *
 * `−w_i s_ii / T + log Σ exp(s / T)` over the 2(N − 1) other samples of both views; the mean of both directions
 *
 * Returns (N) with `reduction: "none"`, else a scalar. Equals `lightly.DCLLoss`, and `DCLWLoss` with `weighting:
 * "misesFisher"`: `w_i = 2 − N · softmax_i(s_ii / sigma)`, through which no gradient flows.
 *
 * @formula `1/2 sum_directions (-w_i s_ii / T + log sum_{j != i} (exp(s_ij / T) + exp(s'_ij / T)))`
 * @input viewA - Embeddings of one view.
 * @input viewB - Embeddings of another view of the same samples.
 * @note A batch of one has no negatives: the loss is -Infinity, as in lightly. Use at least two samples.
 * @note No gradient flows through the weights of misesFisher.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Yeh et al.: Decoupled Contrastive Learning, ECCV 2022
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
    aliases: ["DCLLoss", "DCLWLoss", "DCL"],
    inputs: { viewA: float(["N", "D"]), viewB: float(["N", "D"]) },
    options: {
      temperature: positive(0.1),
      weighting: oneOf(["none", "misesFisher"], "none"),
      sigma: positive(0.5),
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
      const others = (logits: Tensor, axis: number): Tensor =>
        diagonalMask(logits).where(-Infinity, logits).logSumExp(axis).unsqueeze(1);
      const across = pairLogits(a, b, 1 / temperature);
      // log (Σ e^x + Σ e^y) of what is within a view and of what is between both.
      const ofAll = (view: Tensor, axis: number): Tensor =>
        concat([others(pairLogits(view, view, 1 / temperature), 1), others(across, axis)], 1).logSumExp(1);
      const inA = ofAll(a, 1);
      const inB = ofAll(b, 0);
      return inA
        .add(inB)
        .mul(0.5)
        .sub(own.mul(weight).mul(1 / temperature));
    },
  });
