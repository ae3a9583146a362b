import { ShapeError } from "../errors.js";
import { broadcastShapes, formatShape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import { elementAt, tabulate } from "./positions.js";
import { requireFloat, requireSameDType, whereOperandsAre } from "./rules.js";
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
      const inner = a.shape.at(-1) ?? 0;
      return tabulate(shape, (position) => {
        const [row = 0, column = 0] = position.slice(-2);
        const batch = position.slice(0, -2);
        let sum = 0;
        for (let k = 0; k < inner; k++) sum += elementAt(a, [...batch, row, k]) * elementAt(b, [...batch, k, column]);
        return sum;
      });
    },
  },
};
