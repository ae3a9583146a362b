import { ShapeError } from "../errors.js";
import { addDims, evaluateDim, multiplyDims } from "../tensor/dimArithmetic.js";
import {
  bindDim,
  broadcastShapes,
  formatShape,
  isSize,
  sameShape,
  type Dim,
  type DimSizes,
  type Shape,
} from "../tensor/dims.js";
import { requireNumeric, requireSameDType, whereOperandsAre } from "./rules.js";
import { copied, exact, rowMajor, sizeOfShape, stridesOver } from "./strided.js";
import type { OpTable, Positions } from "./types.js";

type MovementOp = "transpose" | "unsqueeze" | "squeeze" | "expand" | "reshape" | "concat" | "slice" | "pad";

function withAxis(shape: Shape, axis: number, size: Dim): Shape {
  return shape.map((dim, i) => (i === axis ? size : dim));
}

function requirePositions(op: string, shape: Shape, { axis, step, size }: Positions): void {
  if (typeof size === "number" && !isSize(size)) {
    throw new ShapeError(
      `${op}: there must be 0 or more positions along axis ${axis} of ${formatShape(shape)}, got ${String(size)}.`,
    );
  }
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
      copied(
        x,
        shape,
        perm.map((axis) => rowMajor(x.shape)[axis] ?? 0),
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
    evaluate: ({ inputs: [x] }) => exact(x),
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
    evaluate: ({ inputs: [x] }) => exact(x),
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
    evaluate: ({ inputs: [x], shape }) => copied(x, shape, stridesOver(x.shape, shape.length)),
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
    evaluate: ({ inputs: [x] }) => exact(x),
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
    evaluate: ({ inputs, attrs: { axis }, shape }) => {
      const result = new Float64Array(sizeOfShape(shape));
      const line = sizeOfShape(shape.slice(axis));
      let start = 0;
      for (const { shape: own, data } of inputs) {
        const length = sizeOfShape(own.slice(axis));
        for (let block = 0; block * length < data.length; block++) {
          result.set(data.subarray(block * length, (block + 1) * length), block * line + start);
        }
        start += length;
      }
      return result;
    },
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
    evaluate: ({ inputs: [x], attrs, shape, sizes }) => {
      // What is read outside an axis is a fault of the graph, and must be seen.
      const result = new Float64Array(sizeOfShape(shape)).fill(Number.NaN);
      eachPosition(x.shape, shape[attrs.axis] ?? 1, attrs, sizes, (from, to, length) => {
        for (let i = 0; i < length; i++) result[to + i] = x.data[from + i] as number;
      });
      return result;
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
    evaluate: ({ inputs: [x], attrs, shape, sizes }) => {
      const result = new Float64Array(sizeOfShape(shape));
      eachPosition(shape, x.shape[attrs.axis] ?? 1, attrs, sizes, (to, from, length) => {
        for (let i = 0; i < length; i++) result[to + i] = x.data[from + i] as number;
      });
      return result;
    },
  },
};

/** Calls `visit` for the positions inside the axis of a tensor, and those of a tensor of `count` along it, both contiguous. */
function eachPosition(
  whole: readonly number[],
  count: number,
  { axis, start, step }: Positions,
  sizes: DimSizes,
  visit: (inWhole: number, inPart: number, length: number) => void,
): void {
  // That of a flip of nothing is -1, which is no size.
  const first = evaluateDim(start, sizes) ?? bindDim(start, sizes);
  const size = whole[axis] ?? 1;
  const [outer, inner] = [sizeOfShape(whole.slice(0, axis)), sizeOfShape(whole.slice(axis + 1))];
  const isDense = step === 1 && first >= 0 && first + count <= size;
  for (let block = 0; block < outer; block++) {
    const [at, to] = [block * size * inner, block * count * inner];
    if (isDense) visit(at + first * inner, to, count * inner);
    else {
      for (let i = 0, position = first; i < count; i++, position += step) {
        if (position >= 0 && position < size) visit(at + position * inner, to + i * inner, inner);
      }
    }
  }
}
