import { stack } from "../graph/concat.js";
import type { Tensor } from "../tensor/tensor.js";

/** The logarithm of what is impossible: its exponential is 0, and it is a number, as −∞ has no gradient. */
export function impossibleIn({ dtype }: Tensor): number {
  return dtype === "float16" ? -6e4 : -1e30;
}

/** True for what is impossible, whatever has been added to it. */
export function isImpossible(x: Tensor): Tensor {
  return x.lessOrEqual(impossibleIn(x) / 2);
}

/** `f(log Σ eˣ)` over several ways, `none` where all of them are impossible: there the sum has no derivative. */
export function logSum(
  ways: readonly [Tensor, ...Tensor[]],
  none: number,
  f: (sum: Tensor) => Tensor = (sum) => sum,
): Tensor {
  const all = stack(ways, 0);
  const isNone = isImpossible(all.amax(0));
  return isNone.where(none, f(isNone.where(0, all).logSumExp(0)));
}
