import {
  addDims,
  divideDim,
  multiplyDims,
  operandAt,
  subtractDims,
  type Dim,
  type NodeOf,
  type Shape,
} from "@losses/core";
import { elementType } from "../format.js";
import type { EmitContext, Emitter } from "./context.js";
import { padded, reshaped, sliced } from "./movement.js";

/** Lines up to this length are added from one end to the other in the dtype of the result. */
const longest = 512;

/** How long the rows are that a longer line is cut into. */
const row = 128;

type Direction = NodeOf<"cumsum">["attrs"];

/**
 * The sums along an axis. Where there is float64, they are added in it, as in PyTorch. Elsewhere a line is cut into rows:
 * what a row adds up to is added to all that follow, so that the error grows with the length of a row and the number of rows.
 */
export const emitCumsum: Emitter<"cumsum"> = (node, inputs, context) => {
  const x = operandAt(inputs, 0);
  const { writer, can } = context;
  const { axis } = node.attrs;
  if (can.hasFloat64 && node.dtype !== "float64") {
    const wide = writer.node("Cast", [x], { to: elementType.float64 });
    return writer.node("Cast", [sumsAlong(wide, axis, node.attrs, context)], { to: elementType[node.dtype] });
  }
  const length = node.shape[axis] ?? 1;
  if (node.dtype === "float64" || (typeof length === "number" && length <= longest)) {
    return sumsAlong(x, axis, node.attrs, context);
  }
  return sumsInRows(x, node, context);
};

function sumsAlong(x: string, axis: number, { exclusive, reverse }: Direction, { writer }: EmitContext): string {
  const attributes = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 };
  return writer.node("CumSum", [x, writer.scalar(axis, "int32")], attributes);
}

function sumsInRows(x: string, { shape, dtype, attrs }: NodeOf<"cumsum">, context: EmitContext): string {
  const { writer } = context;
  const { axis, reverse } = attrs;
  const length = shape[axis] ?? 1;
  const rows = divideDim(addDims(length, row - 1), row);
  const whole = multiplyDims(rows, row);
  const withAxis = (...dims: readonly Dim[]): Shape => shape.flatMap((dim, i) => (i === axis ? dims : [dim]));
  const filled = padded(x, shape.length, axis, [0, subtractDims(whole, length)], context);
  const cut = reshaped(filled, withAxis(rows, row), context);
  const inRow = sumsAlong(cut, axis + 1, attrs, context);
  const totals = writer.node("ReduceSum", [cut, writer.list([axis + 1])], { keepdims: 1 });
  const before = sumsAlong(totals, axis, { axis, exclusive: true, reverse }, context);
  const sums = reshaped(writer.node("Add", [inRow, before]), withAxis(whole), context);
  return sliced(sums, dtype, { axis, start: 0, step: 1, size: length, length: whole }, context);
}
