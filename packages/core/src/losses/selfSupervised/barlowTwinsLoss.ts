import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { noReduction, nonNegative } from "../../loss/options.js";
import { centered, offDiagonalSquares } from "../../math/columns.js";
import { diagonal } from "../../math/select.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface BarlowTwinsLossOptions {
  /** Weight of the correlations between different features. Default 0.005. */
  readonly lambda: number;
  /** How the values become the result; `none` returns them as they are. Default `"none"`. */
  readonly reduction: "none";
}

/** Added to variances, as in batch normalisation. */
const eps = 1e-5;

/**
 * Features of two views shall be equal, and different features tell different things.
 *
 * `Σ_i (1 − C_ii)² + lambda Σ_{i≠j} C_ij²`, `C = ẑ_Aᵀ ẑ_B / N`; ẑ are the features with mean 0 and variance 1 over the
 * batch
 *
 * Returns a scalar. Variances are the biased ones, with 1e-5 added; a feature that is constant has correlation 0.
 * Equals lightly's BarlowTwinsLoss.
 *
 * @formula `sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2, C = zA^T zB / N`
 * @input viewA - Features of one view.
 * @input viewB - Features of the other view, row by row of the same samples.
 * @note Variances are biased, with 1e-5 added, as in batch normalisation; other libraries differ in both.
 * @note It needs large batches: C is estimated from N samples.
 * @see Zbontar et al.: Barlow Twins, ICML 2021
 * @throws ShapeError if the views differ in shape; OptionError if lambda is negative.
 * @example
 * ```ts
 * const loss = await backend.compile(barlowTwinsLoss());
 * const { value, grads } = await loss.valueAndGrad({ viewA, viewB });
 * ```
 */
export const barlowTwinsLoss: Loss<BarlowTwinsLossOptions, { viewA: "float"; viewB: "float" }> = defineLoss({
  name: "barlowTwinsLoss",
  family: "selfSupervised",
  aliases: ["BarlowTwinsLoss", "barlowTwins"],
  inputs: { viewA: float(["N", "D"]), viewB: float(["N", "D"]) },
  options: { lambda: nonNegative(5e-3), reduction: noReduction() },
  value({ viewA, viewB }, { lambda }) {
    const [a, b] = [standardised(viewA), standardised(viewB)];
    const correlation = a.transpose().matmul(b).div(viewA.count(0));
    const own = diagonal(correlation).neg().add(1).square().sum();
    return own.add(offDiagonalSquares(correlation).mul(lambda));
  },
});

function standardised(x: Tensor): Tensor {
  const difference = centered(x);
  return difference.div(difference.square().mean(0, true).add(eps).sqrt());
}
