import type { Tensor } from "../tensor/tensor.js";

/** The element of `x` along `axis` that `labels` (int32, without that axis) names; 0 where a label names none. */
export function pick(x: Tensor, labels: Tensor, axis: number): Tensor {
  return x.gather(axis, labels.unsqueeze(axis)).squeeze(axis);
}

/** The element of a vector that each label (int32) names; 0 where a label names none. */
export function lookUp(vector: Tensor, labels: Tensor): Tensor {
  if (labels.rank === 0) return pick(vector, labels, 0);
  const trailing = Array.from({ length: labels.rank - 1 }, (_, i) => i + 1);
  return vector.unsqueeze(trailing).gather(0, labels);
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
  return matrix.gather(1, matrix.iota(0)).squeeze(1);
}
