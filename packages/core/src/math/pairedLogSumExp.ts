import { isFloat, type FloatDType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";

/** Exponents whose powers have products that are finite, 20,000 of them added up. */
const largest: { readonly [K in FloatDType]: number } = { float16: 0.5, float32: 39, float64: 349 };

/**
 * `log Σ_n exp(x_in + x_jn)` over the places of row i where a mask holds, for rows i and j that have the same: as a product of matrices,
 * `Σ_n exp(x_in) exp(x_jn)`, so that nothing is larger than (N, N). Rows are lowered where their powers would be too large, and
 * raised where all of them are below 1; sums that are too small for the dtype then are −∞.
 */
export function pairedLogSumExp(x: Tensor, mask: Tensor): Tensor {
  const most = isFloat(x.dtype) ? largest[x.dtype] : largest.float64;
  const top = mask.where(x, -Infinity).detach().amax(1, true);
  const lowered = top.equal(-Infinity).where(0, top.sub(top.clampMin(0).clampMax(most)));
  const powers = mask.where(x.sub(lowered), -Infinity).exp();
  const sums = powers.matmul(powers.transpose());
  const isSome = sums.greater(0);
  const logs = isSome.where(isSome.where(sums, 1).log(), -Infinity);
  return logs.add(lowered).add(lowered.transpose());
}
