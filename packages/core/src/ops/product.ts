import { ShapeError } from "../errors.js";
import { broadcastShapes, formatShape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import { requireFloat, requireSameDType, whereOperandsAre } from "./rules.js";
import { eachRun, sizeOfShape, stridesOver } from "./strided.js";
import type { OpTable } from "./types.js";

function lastTwoSwapped(x: Tensor): Tensor {
  const axes = Array.from({ length: x.rank }, (_, i) => i);
  return x.transpose([...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

/** Matrix products. */
export const productOps: Pick<OpTable, "matmul"> = {
  /** The matrix product of (…, n, k) and (…, k, m); the axes in front broadcast. Derivatives g·Bᵀ, Aᵀ·g. */
  matmul: {
    arity: 2,
    infer: ([a, b]) => {
      requireSameDType("matmul", a.dtype, b.dtype);
      requireFloat("matmul", a.dtype);
      const [n, k] = a.shape.slice(-2);
      const [k2, m] = b.shape.slice(-2);
      if (a.shape.length < 2 || b.shape.length < 2 || n === undefined || m === undefined || k !== k2) {
        throw new ShapeError(
          `matmul: shapes must be (…, n, k) and (…, k, m), got ${formatShape(a.shape)} and ${formatShape(b.shape)}.`,
        );
      }
      const batch = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)], "matmul");
      return { shape: [...batch, n, m], dtype: a.dtype };
    },
    vjp: ({ inputs: [a, b], gradient }) => [gradient.matmul(lastTwoSwapped(b)), lastTwoSwapped(a).matmul(gradient)],
    ulp: 1,
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs: [a, b], shape }) => {
      const [rows = 0, columns = 0] = shape.slice(-2);
      const inner = a.shape.at(-1) ?? 0;
      const result = new Float64Array(sizeOfShape(shape));
      const batch = shape.slice(0, -2);
      // One position for each matrix, so that a step in the batch is a step of a whole matrix.
      const strides = [a.shape, b.shape, shape].map((own) => {
        const size = sizeOfShape(own.slice(-2));
        return stridesOver(own.slice(0, -2), batch.length).map((stride) => stride * size);
      });
      eachRun({ dims: batch, strides }, (starts, length, steps) => {
        for (let matrix = 0; matrix < length; matrix++) {
          const [p = 0, q = 0, to = 0] = starts.map((start, i) => start + matrix * (steps[i] ?? 0));
          for (let i = 0; i < rows; i++) {
            for (let k = 0; k < inner; k++) {
              const factor = a.data[p + i * inner + k] as number;
              const at = to + i * columns;
              for (let j = 0; j < columns; j++) {
                result[at + j] = (result[at + j] as number) + factor * (b.data[q + k * columns + j] as number);
              }
            }
          }
        }
      });
      return result;
    },
  },
};
