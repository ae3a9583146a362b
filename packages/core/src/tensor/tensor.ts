import type { DType } from "./dtype.js";
import type { Dim, Shape } from "./dims.js";

/** A tensor, or a number that is broadcast to the other operand's shape and dtype. */
export type Operand = Tensor | number;

/**
 * What losses are written against: an immutable tensor with a shape (sizes may be symbols such as `N`) and a dtype.
 *
 * Nothing is computed when a method is called: the call is recorded, and the recorded graph is differentiated and run by
 * a backend. Binary methods broadcast as NumPy does, but only a literal size 1 stretches. Axes may be negative.
 */
export interface Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly rank: number;

  /** `x + y` */
  add(other: Operand): Tensor;
  /** `x - y` */
  sub(other: Operand): Tensor;
  /** `x · y`, element by element */
  mul(other: Operand): Tensor;
  /** `x / y`; IEEE rules for division by zero */
  div(other: Operand): Tensor;
  /** `x ^ y`. Derivative 0 where `y` is 0; as PyTorch's `pow`. */
  pow(exponent: Operand): Tensor;
  /** The larger of both; at a tie each side gets half the gradient. */
  maximum(other: Operand): Tensor;
  /** The smaller of both; at a tie each side gets half the gradient. */
  minimum(other: Operand): Tensor;

  neg(): Tensor;
  /** `|x|`, derivative 0 at 0 */
  abs(): Tensor;
  /** -1, 0 or 1, and 0 for NaN; derivative 0 */
  sign(): Tensor;
  /** The largest integer that is not above x; derivative 0 */
  floor(): Tensor;
  exp(): Tensor;
  /** `exp(x) - 1`, exact near 0 */
  expm1(): Tensor;
  /** Natural logarithm; `-inf` at 0, NaN below */
  log(): Tensor;
  /** `log(1 + x)`, exact near 0; `-inf` at -1, NaN below */
  log1p(): Tensor;
  sqrt(): Tensor;
  tanh(): Tensor;
  /** The angle in (-π/2, π/2) whose tangent is x */
  atan(): Tensor;
  /** The error function */
  erf(): Tensor;
  square(): Tensor;
  /** `max(x, 0)`, derivative 0 at 0 */
  relu(): Tensor;
  /** `1 / (1 + exp(-x))`, without overflow */
  sigmoid(): Tensor;
  /** `log(1 + exp(x))`, exact for every x */
  softplus(): Tensor;
  /** `log(sigmoid(x)) = -softplus(-x)` */
  logSigmoid(): Tensor;
  /** `max(x, bound)`, derivative 1 at the bound, as PyTorch's `clamp_min` */
  clampMin(bound: number): Tensor;
  /** `min(x, bound)`, derivative 1 at the bound, as PyTorch's `clamp_max` */
  clampMax(bound: number): Tensor;

  equal(other: Operand): Tensor;
  less(other: Operand): Tensor;
  lessOrEqual(other: Operand): Tensor;
  greater(other: Operand): Tensor;
  greaterOrEqual(other: Operand): Tensor;
  and(other: Tensor): Tensor;
  or(other: Tensor): Tensor;
  not(): Tensor;
  /** On a bool tensor: `whenTrue` where true, `whenFalse` elsewhere. The side not taken gets gradient 0, never NaN. */
  where(whenTrue: Operand, whenFalse: Operand): Tensor;
  cast(dtype: DType): Tensor;

  /** Sum over `axes` (default: all). */
  sum(axes?: number | readonly number[], keepdims?: boolean): Tensor;
  /** Arithmetic mean over `axes` (default: all); NaN over no elements. */
  mean(axes?: number | readonly number[], keepdims?: boolean): Tensor;
  /** Largest along one axis; at ties the whole gradient goes to the first, as PyTorch's `max(dim)`. */
  max(axis: number, keepdims?: boolean): Tensor;
  /** Smallest along one axis; at ties the whole gradient goes to the first, as PyTorch's `min(dim)`. */
  min(axis: number, keepdims?: boolean): Tensor;
  /**
   * Largest over `axes`; ties share the gradient, as PyTorch's `amax`. Over no elements it is `-inf`; of integers it is refused when
   * the sizes are known, as PyTorch refuses both.
   */
  amax(axes?: number | readonly number[], keepdims?: boolean): Tensor;
  /** Smallest over `axes`; ties share the gradient, as PyTorch's `amin`. Over no elements `+inf`, refused like `amax` of integers. */
  amin(axes?: number | readonly number[], keepdims?: boolean): Tensor;
  /** `log Σ exp(x)` along one axis, with the maximum subtracted first; `-inf` where every x is `-inf`. */
  logSumExp(axis: number, keepdims?: boolean): Tensor;
  softmax(axis: number): Tensor;
  logSoftmax(axis: number): Tensor;
  /** The sums of the elements up to each one: with it, or (`exclusive`) without it; `reverse`: from the end. */
  cumsum(axis: number, options?: { readonly exclusive?: boolean; readonly reverse?: boolean }): Tensor;

  /** The first position of the largest along an axis, int32; the axis's size where there is a NaN. */
  argmax(axis: number, keepdims?: boolean): Tensor;
  /** The first position of the smallest along an axis, int32; the axis's size where there is a NaN. */
  argmin(axis: number, keepdims?: boolean): Tensor;
  /** The positions in sorted order, int32; equal elements keep their order, NaN counts as +∞. */
  argsort(axis: number, options?: { readonly descending?: boolean }): Tensor;
  /** The elements in sorted order, as PyTorch's `sort(stable=True)`. */
  sort(axis: number, options?: { readonly descending?: boolean }): Tensor;
  /**
   * The elements along an axis that int32 positions name, as PyTorch's `gather`; the other axes broadcast. A position outside the
   * axis gives 0, without gradient.
   */
  gather(axis: number, index: Tensor): Tensor;
  /** Whole slices along an axis, by a line of int32 positions, as PyTorch's `index_select`. */
  take(axis: number, index: Tensor): Tensor;
  /**
   * Zeros, `size` of them along an axis, with each element of this tensor added at its int32 position; the other axes broadcast.
   * Nothing is added where a position is outside.
   */
  scatterAdd(axis: number, index: Tensor, size: Dim): Tensor;

  /** Matrix product of `(…, n, k)` and `(…, k, m)`; the axes in front broadcast. */
  matmul(other: Tensor): Tensor;
  /** Axes reordered by `permutation` (default: reversed). */
  transpose(permutation?: readonly number[]): Tensor;
  /** New axes of size 1 at these positions of the result. */
  unsqueeze(axes: number | readonly number[]): Tensor;
  /** Drops axes whose size is a literal 1. */
  squeeze(axes: number | readonly number[]): Tensor;
  /** Stretches literal-1 axes (and adds leading ones) to `shape`. */
  expand(shape: Shape): Tensor;
  /** The same elements, row by row, in another shape of as many. */
  reshape(shape: Shape): Tensor;
  /** The axes from `first` to `last` (default: all) as one. */
  flatten(first?: number, last?: number): Tensor;
  /** `size` elements along an axis: at `start`, `start + step`, … A negative step goes backwards. */
  slice(axis: number, start: Dim, size: Dim, step?: number): Tensor;
  /** Zeros, `size` of them along an axis, with the elements of this tensor at `start`, `start + step`, … */
  pad(axis: number, start: Dim, size: Dim, step?: number): Tensor;
  /** The elements along an axis in reverse order. */
  flip(axis: number): Tensor;

  /** The number of elements along `axes` (default: all), as a scalar of this tensor's dtype. */
  count(axes?: number | readonly number[]): Tensor;
  /** `0, 1, 2, …` along one axis, int32, shaped to broadcast against this tensor. */
  iota(axis: number): Tensor;
  /** The same value, through which no gradient flows. */
  detach(): Tensor;
}
