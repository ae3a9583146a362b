import { ShapeError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { noReduction, nonNegative } from "../../loss/options.js";
import { centered, offDiagonalSquares } from "../../math/columns.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface VicRegLossOptions {
  /** Weight of the distance between the views. Default 25. */
  readonly lambda: number;
  /** Weight of the variances. Default 25. */
  readonly mu: number;
  /** Weight of the covariances. Default 1. */
  readonly nu: number;
  /** Added to variances before the root. Default 1e-4. */
  readonly eps: number;
  /** How the values become the result; `none` returns them as they are. Default `"none"`. */
  readonly reduction: "none";
}

/**
 * Two views shall agree, each feature vary, and different features tell different things.
 *
 * `lambda μ((A − B)²) + mu ½ (v(A) + v(B)) + nu (c(A) + c(B))`, `v(Z) = μ_d [1 − √(var_d + eps)]₊`, `c(Z) = Σ_{i≠j}
 * Cov_ij² / D`
 *
 * Inputs: `viewA` and `viewB` (N, D), N at least 2. Returns a scalar; its parts invariance, variance and covariance can
 * be read. Variances and covariances are the unbiased ones; the gradient is 0 where a deviation is 1. Equals lightly's
 * VICRegLoss and that of pytorch-metric-learning.
 *
 * @formula `lambda mean((A - B)^2) + mu/2 (v(A) + v(B)) + nu (c(A) + c(B))`
 * @input viewA - Features of one view.
 * @input viewB - Features of the other view, row by row of the same samples.
 * @note Variances are unbiased; tf-similarity's are biased.
 * @note Its parts are invariance, variance and covariance, without their weights.
 * @note The variance costs nothing, and has no gradient, from a deviation of 1 on.
 * @see Bardes, Ponce, LeCun: VICReg, ICLR 2022
 * @throws ShapeError on one sample, or views that differ in shape; OptionError on a negative weight.
 * @example
 * ```ts
 * const loss = await backend.compile(vicRegLoss());
 * const { value, grads } = await loss.valueAndGrad({ viewA, viewB });
 * ```
 */
export const vicRegLoss: Loss<VicRegLossOptions, { viewA: "float"; viewB: "float" }> = defineLoss({
  name: "vicRegLoss",
  family: "selfSupervised",
  aliases: ["VICRegLoss", "vicreg"],
  inputs: { viewA: float(["N", "D"]), viewB: float(["N", "D"]) },
  options: {
    lambda: nonNegative(25),
    mu: nonNegative(25),
    nu: nonNegative(1),
    eps: nonNegative(1e-4),
    reduction: noReduction(),
  },
  checkSizes({ N: samples = 2 }) {
    if (samples >= 2) return;
    throw new ShapeError(`vicRegLoss: viewA must have 2 rows or more, got ${samples}. One sample has no variance.`);
  },
  value({ viewA, viewB }, { lambda, mu, nu, eps }) {
    const [a, b] = [spread(viewA, eps), spread(viewB, eps)];
    return {
      parts: {
        invariance: { part: viewA.sub(viewB).square().mean(), weight: lambda },
        variance: { part: a.variance.add(b.variance).mul(0.5), weight: mu },
        covariance: { part: a.covariance.add(b.covariance), weight: nu },
      },
    };
  },
});

function spread(x: Tensor, eps: number): { readonly variance: Tensor; readonly covariance: Tensor } {
  const difference = centered(x);
  const freedom = x.count(0).sub(1);
  const deviations = difference.square().sum(0).div(freedom).add(eps).sqrt();
  const covariances = difference.transpose().matmul(difference).div(freedom);
  return {
    variance: deviations.neg().add(1).relu().mean(),
    covariance: offDiagonalSquares(covariances).div(x.count(1)),
  };
}
