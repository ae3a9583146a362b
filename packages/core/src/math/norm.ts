import { customGradient } from "../graph/tracedTensor.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * The p-norm along one axis, with PyTorch's gradients: 0 for a zero vector whatever p is, ties of ±∞ shared,
 * no gradient at all for p = 0 (which counts the elements that are not 0).
 */
export function vectorNorm(x: Tensor, p: number, axis = -1, keepdims = false): Tensor {
  if (p === 0) return x.equal(0).not().cast(x.dtype).sum(axis, keepdims);
  if (p === 1) return x.abs().sum(axis, keepdims);
  if (p === Infinity) return x.abs().amax(axis, keepdims);
  if (p === -Infinity) return x.abs().amin(axis, keepdims);
  const norm = (
    p === 2
      ? x.square().sum(axis, true).sqrt()
      : x
          .abs()
          .pow(p)
          .sum(axis, true)
          .pow(1 / p)
  ).detach();
  const value = keepdims ? norm : norm.squeeze(axis);
  return customGradient(value, [x], (g) => [normGradient(x, norm, p, keepdims ? g : g.unsqueeze(axis))]);
}

/** ∂‖x‖ₚ/∂x = sign(x)·|x|ᵖ⁻¹ / ‖x‖ᵖ⁻¹, taken as 0 where x or ‖x‖ is 0. */
function normGradient(x: Tensor, norm: Tensor, p: number, g: Tensor): Tensor {
  const none = norm.equal(0);
  if (p === 2) return x.mul(none.where(0, g.div(norm)));
  const slope = x.sign().mul(x.abs().pow(p - 1));
  if (p < 1)
    return x
      .equal(0)
      .where(0, slope)
      .mul(norm.pow(1 - p).mul(g));
  return slope.mul(none.where(0, g.div(norm.pow(p - 1))));
}

/** `x / max(‖x‖₂, eps)` along one axis, as PyTorch's `normalize`: a zero vector stays zero, with gradient g/eps. */
export function normalize(x: Tensor, axis = -1, eps = 1e-12): Tensor {
  return x.div(vectorNorm(x, 2, axis, true).clampMin(eps));
}
