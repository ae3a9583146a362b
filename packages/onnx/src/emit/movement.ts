import {
  addDims,
  multiplyDims,
  operandAt,
  operandNode,
  sameShape,
  subtractDims,
  type Dim,
  type DType,
  type Positions,
  type Shape,
} from "@losses/core";
import { elementType } from "../format.js";
import type { EmitContext, Emitter, EmitterTable } from "./context.js";

type MovementOp = "transpose" | "unsqueeze" | "squeeze" | "expand" | "reshape" | "concat" | "slice" | "pad";

/** Moves elements as ONNX Runtime's WebGPU provider can: bool goes as numbers there. */
export function moved(
  values: readonly string[],
  dtype: DType,
  { writer, can }: EmitContext,
  move: (values: readonly string[], dtype: DType) => string,
): string {
  if (can.movesBools || dtype !== "bool") return move(values, dtype);
  const numbers = values.map((x) => writer.node("Cast", [x], { to: elementType.int32 }));
  return writer.node("Cast", [move(numbers, "int32")], { to: elementType.bool });
}

/** The same elements stretched to a shape. */
export function expanded(x: string, from: Shape, to: Shape, { writer, sizes }: EmitContext): string {
  return sameShape(from, to) ? x : writer.node("Expand", [x, sizes.list(to)]);
}

/** The same elements in another shape. */
export function reshaped(x: string, shape: Shape, { writer, sizes }: EmitContext): string {
  return writer.node("Reshape", [x, sizes.list(shape)], { allowzero: 1 });
}

/** 0, 1, 2, … as a vector. */
export function numbersTo(size: Dim, { writer, sizes }: EmitContext): string {
  return writer.node("Range", [writer.scalar(0, "int32"), sizes.int32(size), writer.scalar(1, "int32")]);
}

/** `size` positions along an axis of length `length`. */
interface Cut extends Positions {
  readonly length: Dim;
}

/** The elements at start, start + step, … */
export function sliced(x: string, dtype: DType, cut: Cut, context: EmitContext): string {
  const { writer, sizes, can } = context;
  const { axis, start, step, size, length } = cut;
  if (!can.slicesIntegers && dtype === "int32") {
    // ONNX Runtime's WebGPU provider slices floats alone.
    const count = numbersTo(size, context);
    const steps = step === 1 ? count : writer.node("Mul", [count, writer.scalar(step, "int32")]);
    const places = start === 0 ? steps : writer.node("Add", [steps, sizes.int32(start)]);
    return writer.node("Gather", [x, places], { axis });
  }
  // What is below 0 counts from the end, so backwards everything does: nothing is then mistaken for a place at the end.
  const from = step < 0 ? subtractDims(start, length) : start;
  const to = addDims(from, multiplyDims(step, size));
  return writer.node("Slice", [x, sizes.list([from]), sizes.list([to]), writer.list([axis]), writer.list([step])]);
}

/** Zeros before and after along an axis. */
export function padded(
  x: string,
  rank: number,
  axis: number,
  [before, after]: readonly [Dim, Dim],
  { writer, sizes }: EmitContext,
): string {
  if (before === 0 && after === 0) return x;
  const side = (own: Dim): Dim[] => Array.from({ length: rank }, (_, i) => (i === axis ? own : 0));
  return writer.node("Pad", [x, sizes.list([...side(before), ...side(after)])]);
}

const emitSlice: Emitter<"slice"> = (node, inputs, context) => {
  const length = operandNode(context.graph, node, 0).shape[node.attrs.axis] ?? 1;
  return moved(inputs, node.dtype, context, ([x = ""], dtype) => sliced(x, dtype, { ...node.attrs, length }, context));
};

const emitPad: Emitter<"pad"> = (node, inputs, context) => {
  const { dtype } = node;
  const { axis, start, step, size } = node.attrs;
  const { shape } = operandNode(context.graph, node, 0);
  const count = shape[axis] ?? 1;
  const rank = shape.length;
  const x = operandAt(inputs, 0);
  const last = addDims(start, multiplyDims(step, subtractDims(count, 1)));
  const flip: Cut = { axis, start: subtractDims(count, 1), step: -1, size: count, length: count };
  const [forward, first] = step > 0 ? [x, start] : [sliced(x, dtype, flip, context), last];
  const stride = Math.abs(step);
  const spread = spreadOut(forward, shape, axis, stride, context);
  // What follows the last element of x are stride - 1 zeros too many, if there is a last element.
  const end = addDims(first, multiplyDims(stride, count));
  const missing = addDims(subtractDims(size, end), stride - 1);
  const whole = padded(spread, rank, axis, [first, missing], context);
  if (stride === 1) return whole;
  return sliced(whole, dtype, { axis, start: 0, step: 1, size, length: addDims(size, stride - 1) }, context);
};

/** Each element along an axis followed by `stride - 1` zeros. */
function spreadOut(x: string, shape: Shape, axis: number, stride: number, context: EmitContext): string {
  if (stride === 1) return x;
  const { writer } = context;
  const apart = writer.node("Unsqueeze", [x, writer.list([axis + 1])]);
  const filled = padded(apart, shape.length + 1, axis + 1, [0, stride - 1], context);
  const whole = shape.map((dim, i) => (i === axis ? multiplyDims(dim, stride) : dim));
  return reshaped(filled, whole, context);
}

/** Ops that rearrange elements. */
export const movementEmitters: Pick<EmitterTable, MovementOp> = {
  transpose: (node, inputs, context) => {
    const { perm } = node.attrs;
    const x = operandAt(inputs, 0);
    if (perm.every((axis, i) => axis === i)) return x;
    return moved([x], node.dtype, context, (values) => context.writer.node("Transpose", values, { perm }));
  },
  unsqueeze: ({ attrs: { axes } }, inputs, { writer }) =>
    axes.length === 0 ? operandAt(inputs, 0) : writer.node("Unsqueeze", [operandAt(inputs, 0), writer.list(axes)]),
  squeeze: ({ attrs: { axes } }, inputs, { writer }) =>
    axes.length === 0 ? operandAt(inputs, 0) : writer.node("Squeeze", [operandAt(inputs, 0), writer.list(axes)]),
  expand: ({ attrs: { shape } }, inputs, { writer, sizes }) =>
    writer.node("Expand", [operandAt(inputs, 0), sizes.list(shape)]),
  reshape: ({ attrs: { shape }, dtype }, inputs, context) =>
    moved(inputs, dtype, context, ([x = ""]) => reshaped(x, shape, context)),
  concat: ({ attrs: { axis }, dtype }, inputs, context) =>
    moved(inputs, dtype, context, (values) => context.writer.node("Concat", values, { axis })),
  slice: emitSlice,
  pad: emitPad,
};
