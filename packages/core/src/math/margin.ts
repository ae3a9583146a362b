import type { Tensor } from "../tensor/tensor.js";

/** `x` where it is above 0, with gradient 0 at 0; NaN counts as none. As PyTorch's margin losses over classes have it. */
export function violation(x: Tensor): Tensor {
  return x.greater(0).where(x, 0);
}
