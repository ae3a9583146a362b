import type { Tensor } from "../tensor/tensor.js";
import { unit } from "./norm.js";
import { diagonal } from "./select.js";

/** `scale · x yᵀ + bias`: a logit for each row of x with each row of y. */
export function pairLogits(x: Tensor, y: Tensor, scale: Tensor | number, bias?: Tensor): Tensor {
  // Scaling N·D numbers is less than scaling N·M.
  const scaled = x.mul(scale).matmul(y.transpose());
  return bias === undefined ? scaled : scaled.add(bias);
}

/** Cosines of each row of x with each row of y. */
export function cosines(x: Tensor, y: Tensor): Tensor {
  return unit(x).matmul(unit(y).transpose());
}

/** Cross-entropy of each row of (N, M) logits against its own index. */
export function rowEntropy(logits: Tensor): Tensor {
  return diagonal(logits.logSoftmax(1)).neg();
}

/** The mean of both directions' cross-entropy against the own index, for each of the first N rows and columns of (N, M) logits. */
export function symmetricEntropy(logits: Tensor): Tensor {
  const [rows, columns] = logits.shape;
  if (rows === undefined || rows === columns) {
    return diagonal(logits.logSoftmax(1))
      .add(diagonal(logits.logSoftmax(0)))
      .mul(-0.5);
  }
  // The columns beyond the rows have no partner; that there are as many columns as rows is checked by slice.
  const perColumn = logits.logSumExp(0).slice(0, 0, rows).sub(diagonal(logits));
  return perColumn.sub(diagonal(logits.logSoftmax(1))).mul(0.5);
}
