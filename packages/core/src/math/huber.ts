import type { Tensor } from "../tensor/tensor.js";

/** `½ e²` for errors e ≥ 0 up to delta, beyond `delta (e − ½ delta)`; both are `c (e − ½ c)` with `c = min(e, delta)`. */
export function huber(error: Tensor, delta: number): Tensor {
  const squared = error.clampMax(delta);
  return squared.mul(error.sub(squared.mul(0.5)));
}
