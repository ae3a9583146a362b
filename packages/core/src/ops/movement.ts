import { ShapeError } from "../errors.js";
import { broadcastShapes, formatShape, sameShape, type Dim } from "../tensor/dims.js";
import { operand, requireFloat, requireSameDType } from "./rules.js";
import type { OpTable } from "./types.js";

/** Ops that rearrange elements, and the matrix product. */
export const movementOps: Pick<OpTable, "matmul" | "transpose" | "unsqueeze" | "squeeze" | "expand"> = {
  matmul: {
    arity: 2,
    doc: "The matrix product of (n, k) and (k, m).",
    infer: (inputs) => {
      const [a, b] = [operand(inputs, 0), operand(inputs, 1)];
      requireSameDType("matmul", a.dtype, b.dtype);
      requireFloat("matmul", a.dtype);
      const [n, k] = a.shape;
      const [k2, m] = b.shape;
      if (a.shape.length !== 2 || b.shape.length !== 2 || n === undefined || m === undefined || k !== k2) {
        throw new ShapeError(
          `matmul: shapes must be (n, k) and (k, m), got ${formatShape(a.shape)} and ${formatShape(b.shape)}.`,
        );
      }
      return { shape: [n, m], dtype: a.dtype };
    },
    // d(AB) = (g·Bᵀ, Aᵀ·g)
    vjp: ({ inputs, gradient }) => [
      gradient.matmul(operand(inputs, 1).transpose()),
      operand(inputs, 0).transpose().matmul(gradient),
    ],
    ulp: 1,
  },
  transpose: {
    arity: 1,
    doc: "Axis i of the result is axis perm[i] of x.",
    infer: (inputs, { perm }) => {
      const { shape, dtype } = operand(inputs, 0);
      const moved = perm.map((axis) => shape[axis]);
      if (perm.length !== shape.length || new Set(perm).size !== perm.length || !moved.every((d) => d !== undefined)) {
        throw new ShapeError(
          `transpose: the permutation must name each axis of ${formatShape(shape)} once, got [${perm.join(", ")}].`,
        );
      }
      return { shape: moved, dtype };
    },
    vjp: ({ gradient, attrs }) => [gradient.transpose(attrs.perm.map((_, axis) => attrs.perm.indexOf(axis)))],
    ulp: 0,
  },
  unsqueeze: {
    arity: 1,
    doc: "New axes of size 1 at the given positions of the result.",
    infer: (inputs, { axes }) => {
      const { shape, dtype } = operand(inputs, 0);
      const added = new Set(axes);
      const rest = shape.values();
      const result: Dim[] = Array.from({ length: shape.length + axes.length }, (_, i) =>
        added.has(i) ? 1 : (rest.next().value ?? 1),
      );
      return { shape: result, dtype };
    },
    vjp: ({ gradient, attrs }) => [gradient.squeeze(attrs.axes)],
    ulp: 0,
  },
  squeeze: {
    arity: 1,
    doc: "Drops axes of size 1.",
    infer: (inputs, { axes }) => {
      const { shape, dtype } = operand(inputs, 0);
      for (const axis of axes) {
        if (shape[axis] !== 1) {
          throw new ShapeError(`squeeze: axis ${axis} must have size 1, got shape ${formatShape(shape)}.`);
        }
      }
      return { shape: shape.filter((_, i) => !axes.includes(i)), dtype };
    },
    vjp: ({ gradient, attrs }) => [gradient.unsqueeze(attrs.axes)],
    ulp: 0,
  },
  expand: {
    arity: 1,
    doc: "Stretches axes of size 1, and adds leading ones, to a shape.",
    infer: (inputs, attrs) => {
      const { shape, dtype } = operand(inputs, 0);
      if (!sameShape(broadcastShapes([shape, attrs.shape], "expand"), attrs.shape)) {
        throw new ShapeError(
          `expand: ${formatShape(shape)} must broadcast to the target shape, got ${formatShape(attrs.shape)}.`,
        );
      }
      return { shape: attrs.shape, dtype };
    },
    // The sum over the stretched axes is taken where all broadcasting is undone.
    vjp: ({ gradient }) => [gradient],
    ulp: 0,
  },
};
