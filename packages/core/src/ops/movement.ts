import { ShapeError } from "../errors.js";
import { addDims, evaluateDim, multiplyDims } from "../tensor/dimArithmetic.js";
import { broadcastShapes, formatShape, sameShape, type Dim, type Shape } from "../tensor/dims.js";
import { elementAt, indexAt, movedTo, positionOf, sizeOfShape, tabulate } from "./positions.js";
import { requireNumeric, requireSameDType, whereOperandsAre } from "./rules.js";
import type { OpTable, Positions } from "./types.js";

type MovementOp = "transpose" | "unsqueeze" | "squeeze" | "expand" | "reshape" | "concat" | "slice" | "pad";

function withAxis(shape: Shape, axis: number, size: Dim): Shape {
  return shape.map((dim, i) => (i === axis ? size : dim));
}

function requirePositions(op: string, shape: Shape, { axis, step }: Positions): void {
  if (axis >= shape.length || !Number.isInteger(step) || step === 0) {
    throw new ShapeError(
      `${op}: the axis must be one of ${formatShape(shape)} and the step an integer other than 0, got axis ${axis} and step ${step}.`,
    );
  }
}

/** Ops that rearrange elements. */
export const movementOps: Pick<OpTable, MovementOp> = {
  /** Axis i of the result is axis perm[i] of x. Derivative: g back again. */
  transpose: {
    arity: 1,
    infer: ([{ shape, dtype }], { perm }) => {
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
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs: [x], attrs: { perm }, shape }) =>
      tabulate(shape, (position) =>
        elementAt(
          x,
          x.shape.map((_, axis) => position[perm.indexOf(axis)] ?? 0),
        ),
      ),
  },
  /** New axes of size 1 at the given positions of the result. Derivative: g without them. */
  unsqueeze: {
    arity: 1,
    infer: ([{ shape, dtype }], { axes }) => {
      const added = new Set(axes);
      const rest = shape.values();
      const result: Dim[] = Array.from({ length: shape.length + axes.length }, (_, i) =>
        added.has(i) ? 1 : (rest.next().value ?? 1),
      );
      return { shape: result, dtype };
    },
    vjp: ({ gradient, attrs }) => [gradient.squeeze(attrs.axes)],
    ulp: 0,
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs: [x] }) => x.data,
  },
  /** Drops axes of size 1. Derivative: g with them. */
  squeeze: {
    arity: 1,
    infer: ([{ shape, dtype }], { axes }) => {
      for (const axis of axes) {
        if (shape[axis] !== 1) {
          throw new ShapeError(`squeeze: axis ${axis} must have size 1, got shape ${formatShape(shape)}.`);
        }
      }
      return { shape: shape.filter((_, i) => !axes.includes(i)), dtype };
    },
    vjp: ({ gradient, attrs }) => [gradient.unsqueeze(attrs.axes)],
    ulp: 0,
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs: [x] }) => x.data,
  },
  /** Stretches axes of size 1, and adds leading ones, to a shape. Derivative: g summed over what was stretched. */
  expand: {
    arity: 1,
    infer: ([{ shape, dtype }], attrs) => {
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
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs: [x], shape }) => tabulate(shape, (position) => elementAt(x, position)),
  },
  /** The same elements in the same order, in another shape of as many. Derivative: g in the old shape. */
  reshape: {
    arity: 1,
    infer: ([{ shape, dtype }], attrs) => {
      if (multiplyDims(...shape) !== multiplyDims(...attrs.shape)) {
        throw new ShapeError(
          `reshape: the new shape must have as many elements as ${formatShape(shape)}, got ${formatShape(attrs.shape)}.`,
        );
      }
      return { shape: attrs.shape, dtype };
    },
    vjp: ({ inputs: [x], gradient }) => [gradient.reshape(x.shape)],
    ulp: 0,
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs: [x] }) => x.data,
  },
  /** The operands one after the other along an axis. Derivative: each its part of g. */
  concat: {
    arity: "any",
    infer: (inputs, { axis }) => {
      const [first] = inputs;
      if (first === undefined) throw new ShapeError("concat: there must be something to put together, got nothing.");
      for (const { shape, dtype } of inputs) {
        requireSameDType("concat", first.dtype, dtype);
        const isAlike =
          shape.length === first.shape.length && sameShape(withAxis(shape, axis, 1), withAxis(first.shape, axis, 1));
        if (!isAlike || axis >= shape.length) {
          throw new ShapeError(
            `concat: shapes must agree but for axis ${axis}, got ${inputs.map((x) => formatShape(x.shape)).join(", ")}.`,
          );
        }
      }
      const size = inputs.reduce<Dim>((sum, { shape }) => addDims(sum, shape[axis] ?? 0), 0);
      return { shape: withAxis(first.shape, axis, size), dtype: first.dtype };
    },
    vjp: ({ inputs, gradient, attrs: { axis } }) => {
      let start: Dim = 0;
      return inputs.map((x) => {
        const own = x.shape[axis] ?? 0;
        const part = gradient.slice(axis, start, own);
        start = addDims(start, own);
        return part;
      });
    },
    ulp: 0,
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs, attrs: { axis }, shape }) =>
      tabulate(shape, (position) => {
        let at = position[axis] ?? 0;
        for (const x of inputs) {
          const own = x.shape[axis] ?? 0;
          if (at < own) return elementAt(x, movedTo(position, axis, at));
          at -= own;
        }
        return Number.NaN;
      }),
  },
  /** The elements at start, start + step, … along an axis, `size` of them. Derivative: pad of g. */
  slice: {
    arity: 1,
    infer: ([{ shape, dtype }], attrs) => {
      requirePositions("slice", shape, attrs);
      return { shape: withAxis(shape, attrs.axis, attrs.size), dtype };
    },
    vjp: ({ inputs: [x], gradient, attrs: { axis, start, step } }) => [
      gradient.pad(axis, start, x.shape[axis] ?? 0, step),
    ],
    ulp: 0,
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs: [x], attrs: { axis, start, step }, shape, sizes }) => {
      const first = evaluateDim(start, sizes) ?? Number.NaN;
      return tabulate(shape, (position) =>
        elementAtOrNaN(x, movedTo(position, axis, first + step * (position[axis] ?? 0)), axis),
      );
    },
  },
  /** Zeros, `size` of them along an axis, with the elements of x at start, start + step, …. Derivative: slice of g. */
  pad: {
    arity: 1,
    infer: ([{ shape, dtype }], attrs) => {
      requireNumeric("pad", dtype);
      requirePositions("pad", shape, attrs);
      return { shape: withAxis(shape, attrs.axis, attrs.size), dtype };
    },
    vjp: ({ inputs: [x], gradient, attrs: { axis, start, step } }) => [
      gradient.slice(axis, start, x.shape[axis] ?? 0, step),
    ],
    ulp: 0,
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs: [x], attrs: { axis, start, step }, shape, sizes }) => {
      const first = evaluateDim(start, sizes) ?? Number.NaN;
      const result = new Float64Array(sizeOfShape(shape));
      x.data.forEach((element, i) => {
        const position = positionOf(i, x.shape);
        result[indexAt(shape, movedTo(position, axis, first + step * (position[axis] ?? 0)))] = element;
      });
      return result;
    },
  },
};

/** What is read outside an axis is a fault of the graph, and must be seen. */
function elementAtOrNaN(x: Parameters<typeof elementAt>[0], position: readonly number[], axis: number): number {
  const at = position[axis] ?? 0;
  return at < 0 || at >= (x.shape[axis] ?? 0) ? Number.NaN : elementAt(x, position);
}
