import type { Tensor } from "../tensor/tensor.js";
import { diagonalMask } from "./select.js";

/** Columns less their means. */
export function centered(x: Tensor): Tensor {
  return x.sub(x.mean(0, true));
}

/** The sum of squares of a square matrix without its diagonal. */
export function offDiagonalSquares(matrix: Tensor): Tensor {
  return diagonalMask(matrix).where(0, matrix.square()).sum();
}
