import type { Tensor } from "../tensor/tensor.js";

/** The element of `x` along `axis` that `labels` (int32, without that axis) names; 0 where a label names none. */
export function pick(x: Tensor, labels: Tensor, axis: number): Tensor {
  return oneHot(x, labels, axis).where(x, 0).sum(axis);
}

/** True where the position along `axis` is the one that `labels` names. */
export function oneHot(x: Tensor, labels: Tensor, axis: number): Tensor {
  return x.iota(axis).equal(labels.unsqueeze(axis));
}

/** True where row and column of a matrix have one position. */
export function diagonalMask(matrix: Tensor): Tensor {
  return matrix.iota(0).equal(matrix.iota(1));
}

/** The diagonal of a square matrix. */
export function diagonal(matrix: Tensor): Tensor {
  return diagonalMask(matrix).where(matrix, 0).sum(1);
}
