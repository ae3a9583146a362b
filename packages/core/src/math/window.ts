import { concat } from "../graph/concat.js";
import { addDims, subtractDims } from "../tensor/dimArithmetic.js";
import type { Tensor } from "../tensor/tensor.js";

/** A Gaussian bell of `size` numbers that sum to 1. */
export function gaussianWindow(size: number, sigma: number): readonly number[] {
  const bell = Array.from({ length: size }, (_, i) => Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma ** 2)));
  const total = bell.reduce((sum, x) => sum + x, 0);
  return bell.map((x) => x / total);
}

/** `Σ_k w_k x_(i+k)` along an axis, wherever the window fits. */
export function slidingSum(x: Tensor, weights: readonly number[], axis: number): Tensor {
  const at = axis < 0 ? axis + x.rank : axis;
  const size = subtractDims(x.shape[at] ?? 1, weights.length - 1);
  const [first = x, ...rest] = weights.map((weight, k) => x.slice(at, k, size).mul(weight));
  return rest.reduce((sum, part) => sum.add(part), first);
}

/** `count` elements more at either end of an axis, mirrored at the first and the last, which are not repeated. */
export function reflected(x: Tensor, axis: number, count: number): Tensor {
  if (count === 0) return x;
  const at = axis < 0 ? axis + x.rank : axis;
  const size = x.shape[at] ?? 1;
  const front = x.slice(at, 1, count).flip(at);
  const back = x.slice(at, addDims(size, -1 - count), count).flip(at);
  return concat([front, x, back], at);
}
