import { ShapeError } from "../errors.js";
import { broadcastShapes, formatShape, reducedShape, type Shape } from "../tensor/dims.js";
import { elementAt, indexAt, linesAlong, movedTo, positionOf, sizeOfShape, tabulate } from "./positions.js";
import { always, requireFloat, requireIndex, requireNumeric, whereFirstIs } from "./rules.js";
import type { OpDefinition, OpTable, TensorType } from "./types.js";

/** The first position of the largest (smallest) along an axis; the axis's size where there is none: no element, or a NaN. */
function extreme(op: "argMax" | "argMin", isBetter: (x: number, best: number) => boolean): OpDefinition<typeof op> {
  return {
    arity: 1,
    infer: ([{ shape, dtype }], { axis, keepdims }) => {
      requireNumeric(op, dtype);
      return { shape: reducedShape(shape, [axis], keepdims), dtype: "int32" };
    },
    vjp: "none",
    ulp: 0,
    isNonNegative: always,
    evaluate: ({ inputs: [x], attrs: { axis } }) => {
      const firstOf = (line: readonly number[]): number => {
        const elements = line.map((i) => x.data[i] ?? Number.NaN);
        if (elements.some(Number.isNaN)) return elements.length;
        return elements.reduce((best, element, i) => (isBetter(element, elements[best] ?? element) ? i : best), 0);
      };
      return Float64Array.from(linesAlong(x.shape, axis), firstOf);
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
  argMax: extreme("argMax", (x, best) => x > best),
  /** The first position of the smallest along an axis; the axis's size where there is a NaN. No derivative. */
  argMin: extreme("argMin", (x, best) => x < best),
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
      for (const line of linesAlong(x.shape, axis)) {
        const keys = line.map((i) => x.data[i] ?? Number.NaN).map((key) => (Number.isNaN(key) ? Infinity : key));
        const compare = (a: number, b: number): number => {
          const [p = 0, q = 0] = [keys[a], keys[b]];
          return p === q ? a - b : p < q === descending ? 1 : -1;
        };
        const order = [...line.keys()].sort(compare);
        line.forEach((i, k) => (result[i] = order[k] ?? 0));
      }
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
    evaluate: ({ inputs: [x, index], attrs: { axis }, shape }) =>
      tabulate(shape, (position) => {
        const at = elementAt(index, position);
        if (at < 0 || at >= (x.shape[axis] ?? 1)) return 0;
        // An axis of size 1 has its one element at position 0.
        return elementAt(x, movedTo(position, axis, at));
      }),
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
      const count = Math.max(x.shape[axis] ?? 1, index.shape[axis] ?? 1);
      const isNone = x.shape[axis] === 0 || index.shape[axis] === 0;
      const from = shape.map((dim, i) => (i === axis ? (isNone ? 0 : count) : dim));
      for (let i = 0; i < sizeOfShape(from); i++) {
        const position = positionOf(i, from);
        const at = elementAt(index, position);
        if (at < 0 || at >= (shape[axis] ?? 1)) continue;
        const to = indexAt(shape, movedTo(position, axis, at));
        result[to] = (result[to] ?? 0) + elementAt(x, position);
      }
      return result;
    },
  },
};
