import { ShapeError } from "../errors.js";
import { broadcastShapes, formatShape, reducedShape, type Shape } from "../tensor/dims.js";
import { always, requireFloat, requireIndex, requireNumeric, whereFirstIs } from "./rules.js";
import { sortedPositions } from "./sorting.js";
import { eachLine, eachRun, rowMajor, sizeOfShape, withoutAxis } from "./strided.js";
import type { OpDefinition, OpTable, TensorType } from "./types.js";

/** The first position of the largest (smallest) along an axis; the axis's size where there is none: no element, or a NaN. */
function extreme(op: "argMax" | "argMin", sign: 1 | -1): OpDefinition<typeof op> {
  return {
    arity: 1,
    infer: ([{ shape, dtype }], { axis, keepdims }) => {
      requireNumeric(op, dtype);
      return { shape: reducedShape(shape, [axis], keepdims), dtype: "int32" };
    },
    vjp: "none",
    ulp: 0,
    isNonNegative: always,
    evaluate: ({ inputs: [x], attrs: { axis }, shape }) => {
      const result = new Float64Array(sizeOfShape(shape));
      let to = 0;
      eachLine(x.shape, axis, (start, step, length) => {
        let best = 0;
        let most = -Infinity;
        for (let i = 0; i < length; i++) {
          const element = sign * (x.data[start + i * step] as number);
          if (element <= most) continue;
          if (Number.isNaN(element)) {
            best = length;
            break;
          }
          most = element;
          best = i;
        }
        result[to++] = best;
      });
      return result;
    },
  };
}

/** The shape of two operands along an axis that only the second decides on, the others broadcasting. */
function alongIndex(op: string, x: TensorType, index: TensorType, axis: number): Shape {
  requireIndex(op, index.dtype);
  if (x.shape.length !== index.shape.length || axis >= x.shape.length) {
    throw new ShapeError(
      `${op}: positions must have as many axes as the values, got ${formatShape(index.shape)} for ${formatShape(x.shape)}.`,
    );
  }
  const free = x.shape.map((dim, i) => (i === axis ? 1 : dim));
  return broadcastShapes([free, index.shape], op);
}

/** Ops that say, or go by, where elements are. */
export const indexingOps: Pick<OpTable, "argMax" | "argMin" | "argsort" | "gather" | "scatterAdd"> = {
  /** The first position of the largest along an axis; the axis's size where there is a NaN. No derivative. */
  argMax: extreme("argMax", 1),
  /** The first position of the smallest along an axis; the axis's size where there is a NaN. No derivative. */
  argMin: extreme("argMin", -1),
  /** The positions in sorted order along an axis; equal elements keep their order, NaN counts as +∞. No derivative. */
  argsort: {
    arity: 1,
    infer: ([{ shape, dtype }]) => {
      requireFloat("argsort", dtype);
      return { shape, dtype: "int32" };
    },
    vjp: "none",
    ulp: 0,
    isNonNegative: always,
    evaluate: ({ inputs: [x], attrs: { axis, descending } }) => {
      const result = new Float64Array(x.data.length);
      const size = x.shape[axis] ?? 1;
      const keys = new Float64Array(size);
      const work = [new Int32Array(size), new Int32Array(size)] as const;
      const sign = descending ? -1 : 1;
      eachLine(x.shape, axis, (start, step, length) => {
        for (let i = 0; i < length; i++) {
          const key = x.data[start + i * step] as number;
          keys[i] = sign * (Number.isNaN(key) ? Infinity : key);
        }
        const order = sortedPositions(keys, work);
        for (let i = 0; i < length; i++) result[start + i * step] = order[i] as number;
      });
      return result;
    },
  },
  /**
   * The elements of x along an axis that int32 positions name; 0 where a position is outside the axis. Both have as many axes;
   * the other axes broadcast. Derivative: scatterAdd of g.
   */
  gather: {
    arity: 2,
    infer: ([x, index], { axis }) => ({ shape: alongIndex("gather", x, index, axis), dtype: x.dtype }),
    vjp: ({ inputs: [x, index], gradient, attrs: { axis } }) => [
      gradient.scatterAdd(axis, index, x.shape[axis] ?? 1),
      undefined,
    ],
    ulp: 0,
    isNonNegative: whereFirstIs,
    evaluate: ({ inputs: [x, index], attrs: { axis }, shape }) => {
      const result = new Float64Array(sizeOfShape(shape));
      const size = x.shape[axis] ?? 1;
      const along = sizeOfShape(x.shape.slice(axis + 1));
      const strides = [withoutAxis(rowMajor(x.shape), axis), rowMajor(index.shape), rowMajor(shape)];
      eachRun({ dims: shape, strides }, ([from = 0, where = 0, to = 0], length, [step = 0, next = 0]) => {
        for (let i = 0; i < length; i++) {
          const at = index.data[where + i * next] as number;
          if (at >= 0 && at < size) result[to + i] = x.data[from + i * step + at * along] as number;
        }
      });
      return result;
    },
  },
  /**
   * Zeros, `size` of them along an axis, with each element of x added at its int32 position there; nothing where a position is
   * outside. Both have as many axes; the others, and x along this one, broadcast. Derivative: gather of g.
   */
  scatterAdd: {
    arity: 2,
    infer: ([x, index], { axis, size }) => {
      requireNumeric("scatterAdd", x.dtype);
      requireIndex("scatterAdd", index.dtype);
      if (x.shape.length !== index.shape.length || axis >= x.shape.length) {
        throw new ShapeError(
          `scatterAdd: positions must have as many axes as the values, got ${formatShape(index.shape)} for ${formatShape(x.shape)}.`,
        );
      }
      const full = broadcastShapes([x.shape, index.shape], "scatterAdd");
      return { shape: full.map((dim, i) => (i === axis ? size : dim)), dtype: x.dtype };
    },
    vjp: ({ inputs: [, index], gradient, attrs: { axis } }) => [gradient.gather(axis, index), undefined],
    ulp: 0.5,
    isNonNegative: whereFirstIs,
    evaluate: ({ inputs: [x, index], attrs: { axis }, shape }) => {
      const result = new Float64Array(sizeOfShape(shape));
      const size = shape[axis] ?? 1;
      const along = sizeOfShape(shape.slice(axis + 1));
      const [own = 1, places = 1] = [x.shape[axis], index.shape[axis]];
      const dims = shape.map((dim, i) => (i === axis ? (own === 1 ? places : own) : dim));
      const strides = [rowMajor(x.shape), rowMajor(index.shape), withoutAxis(rowMajor(shape), axis)];
      eachRun({ dims, strides }, ([from = 0, where = 0, to = 0], length, [step = 0, next = 0, apart = 0]) => {
        for (let i = 0; i < length; i++) {
          const at = index.data[where + i * next] as number;
          if (at < 0 || at >= size) continue;
          const target = to + i * apart + at * along;
          result[target] = (result[target] as number) + (x.data[from + i * step] as number);
        }
      });
      return result;
    },
  },
};
