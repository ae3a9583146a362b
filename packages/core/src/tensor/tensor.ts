import type { DType } from "./dtype.js";
import type { Shape } from "./dims.js";

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
  exp(): Tensor;
  /** Natural logarithm; `-inf` at 0, NaN below */
  log(): Tensor;
  sqrt(): Tensor;
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

  /** Matrix product of `(n, k)` and `(k, m)`. */
  matmul(other: Tensor): Tensor;
  /** Axes reordered by `permutation` (default: reversed). */
  transpose(permutation?: readonly number[]): Tensor;
  /** New axes of size 1 at these positions of the result. */
  unsqueeze(axes: number | readonly number[]): Tensor;
  /** Drops axes whose size is a literal 1. */
  squeeze(axes: number | readonly number[]): Tensor;
  /** Stretches literal-1 axes (and adds leading ones) to `shape`. */
  expand(shape: Shape): Tensor;

  /** The number of elements along `axes` (default: all), as a scalar of this tensor's dtype. */
  count(axes?: number | readonly number[]): Tensor;
  /** `0, 1, 2, …` along one axis, int32, shaped to broadcast against this tensor. */
  iota(axis: number): Tensor;
  /** The same value, through which no gradient flows. */
  detach(): Tensor;
}
