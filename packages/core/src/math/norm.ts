import { customGradient } from "../graph/tracedTensor.js";
import { isFloat, type FloatDType } from "../tensor/dtype.js";
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
  const value = p === 2 ? x.square().sum(axis, true).sqrt() : scaledNorm(x.abs(), p, axis);
  const norm = customGradient(value, [x], (g, itself) => [normGradient(x, itself, p, g)]);
  return keepdims ? norm : norm.squeeze(axis);
}

/** The least number that is not subnormal, and the largest that is finite. */
const range: { readonly [K in FloatDType]: readonly [number, number] } = {
  float16: [2 ** -14, 65504],
  float32: [2 ** -126, (2 - 2 ** -23) * 2 ** 127],
  float64: [2 ** -1022, Number.MAX_VALUE],
};

/**
 * `m (Σ (s / m)ᵖ)^(1/p)` for sizes s, with the one as m that weighs most: its power is 1, so that no p takes the sum out of range.
 * (Squares may leave it, as in PyTorch.) Zeros and infinities, which nothing can be divided by, are powers of themselves.
 */
function scaledNorm(sizes: Tensor, p: number, axis: number): Tensor {
  const [least, most] = isFloat(sizes.dtype) ? range[sizes.dtype] : range.float64;
  const heaviest = p > 0 ? sizes.amax(axis, true) : sizes.amin(axis, true);
  const m = heaviest.clampMin(least).clampMax(most);
  const total = sizes.div(m).pow(p).sum(axis, true);
  return m.mul(total.pow(1 / p));
}

/** ∂‖x‖ₚ/∂x = sign(x)·(|x| / ‖x‖)ᵖ⁻¹, taken as 0 where x or ‖x‖ is 0. */
function normGradient(x: Tensor, norm: Tensor, p: number, g: Tensor): Tensor {
  const none = norm.equal(0);
  // Divided by 1 where it is 0: the derivative of what is not taken must not be 0/0 either.
  if (p === 2) return x.mul(none.where(0, g.div(none.where(1, norm))));
  const slope = x.sign().mul(
    x
      .abs()
      .div(norm)
      .pow(p - 1),
  );
  return x
    .equal(0)
    .where(0, slope)
    .mul(p < 1 ? g : none.where(0, g));
}

/**
 * A norm that divides counts as at least 1e-8, as in PyTorch's cosine_similarity: a zero vector stays zero (similarity 0), with gradients
 * up to 1e8.
 */
const shortestNorm = 1e-8;

/**
 * The direction `x / max(‖x‖₂, 1e-8)` along one axis, as PyTorch's `cosine_similarity` takes it and every loss here does: a zero
 * vector stays zero, with gradient g / 1e-8. The floor changes the divisor and not its derivative: below it ∂‖x‖/∂x flows on.
 */
export function normalize(x: Tensor, axis = -1): Tensor {
  const norm = vectorNorm(x, 2, axis, true);
  return x.div(customGradient(norm.clampMin(shortestNorm), [norm], (g) => [g]));
}

const floor = 1e-12;

/** What losses say of {@link unit}. */
export const unitNote =
  "Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero vector stays zero, with gradients up to 1e12.";

/** `x / max(‖x‖ₚ, 1e-12)` over the last axis, as PyTorch's `normalize`; below the floor the norm has no gradient. */
export function unit(x: Tensor, p = 2): Tensor {
  return x.div(vectorNorm(x, p, -1, true).clampMin(floor));
}
