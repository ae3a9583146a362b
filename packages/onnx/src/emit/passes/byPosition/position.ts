import { nodeAt, type Dim, type DType, type Shape } from "@losses/core";
import { elementType } from "../../../format.js";
import { choose } from "../../where.js";
import type { EmitContext } from "../../context.js";
import { insideAxis, outsideAxis } from "../../places.js";

/** Where one element of each line along an axis is: an int32 node of size 1 along it. */
export interface LinePlaces {
  readonly axis: number;
  readonly index: number;
}

/** One place along an axis for each line of a tensor. */
export interface Position {
  readonly axis: number;
  /** The shape of the tensor. */
  readonly whole: Shape;
  /** Of size 1 along the axis and as large as the tensor elsewhere; always a place that exists. Empty if the axis is. */
  readonly index: string;
  /** True if the axis may be empty. */
  readonly mayBeNone: boolean;
  /** The same as int32, and there even if the axis is empty. */
  readonly int32: string;
  /** bool, without the axis: whether there is such a place. `undefined`: there always is. */
  readonly inside: string | undefined;
}

/** The places in a tensor of shape `whole`; `undefined` where they are not written out line by line. */
export function positionOf({ axis, index }: LinePlaces, whole: Shape, context: EmitContext): Position | undefined {
  const { graph, writer } = context;
  const node = nodeAt(graph, index);
  const size = whole[axis];
  const lines = lineShape(whole, axis);
  const missing = whole.length - node.shape.length;
  if (size === undefined || lines.some((dim, i) => dim !== (i < missing ? 1 : node.shape[i - missing])))
    return undefined;
  const leading = Array.from({ length: missing }, (_, i) => i);
  const given =
    missing === 0 ? context.valueOf(index) : writer.node("Unsqueeze", [context.valueOf(index), writer.list(leading)]);
  const bare = writer.node("Squeeze", [given, writer.list([axis])]);
  const zero = writer.scalar(0, "int32");
  const outside = outsideAxis(index, size, context);
  const inside = insideAxis(bare, index, size, context);
  if (inside === undefined) return asPosition(axis, whole, given, undefined, context);
  const place =
    outside === "unknown" || !context.can.whereIsSlow
      ? writer.node("Where", [inside, bare, zero])
      : writer.node("Max", [bare, zero]);
  return asPosition(axis, whole, writer.node("Unsqueeze", [place, writer.list([axis])]), inside, context);
}

/** On the processor some ops take int64 alone; on other devices there shall be none. */
function asPosition(
  axis: number,
  whole: Shape,
  int32: string,
  inside: string | undefined,
  context: EmitContext,
): Position {
  const { writer, can, hasElements } = context;
  const place = can.hasInt64 ? writer.node("Cast", [int32], { to: elementType.int64 }) : int32;
  const mayBeNone = !hasElements && mayBeEmpty(whole, axis);
  const index = mayBeNone ? noneIfEmpty(place, whole, axis, context) : place;
  return { axis, whole, index, int32, inside, mayBeNone };
}

/** True if an axis may have no place for a line that there is. Of a square with an empty axis no line is left. */
function mayBeEmpty(whole: Shape, axis: number): boolean {
  const size = whole[axis] ?? 1;
  return typeof size === "number" ? size === 0 : !lineShape(whole, axis).includes(size);
}

/** As much of a value with size 1 along an axis as that axis has: ONNX Runtime neither gathers from nor scatters into nothing. */
function noneIfEmpty(value: string, whole: Shape, axis: number, { writer, sizes }: EmitContext): string {
  return writer.node("Slice", [value, writer.list([0]), sizes.list([whole[axis] ?? 1]), writer.list([axis])]);
}

/** What a gather at each position gives, and 0 where the axis is empty. */
export function gathered(found: string, { axis, mayBeNone }: Position, { writer }: EmitContext): string {
  return mayBeNone ? writer.node("ReduceSum", [found, writer.list([axis])], { keepdims: 1 }) : found;
}

/** A tensor with elements written at positions, or added: `updates` has size 1 along the axis. */
export function scatterAt(
  tensor: string,
  updates: string,
  at: Position,
  attributes: { readonly reduction?: string },
  context: EmitContext,
): string {
  const { axis, index, mayBeNone, whole } = at;
  const there = mayBeNone ? noneIfEmpty(updates, whole, axis, context) : updates;
  return context.writer.node("ScatterElements", [tensor, index, there], { axis, ...attributes });
}

/** The element of a tensor of the whole shape at each position, with size 1 along the axis. */
export function gatherAt(tensor: string, at: Position, context: EmitContext): string {
  const { axis, whole, index, mayBeNone } = at;
  const { writer, can } = context;
  const last = whole.length - 1;
  if (!can.gathersWithAllThreads || axis !== last || last === 0 || mayBeNone)
    return gathered(writer.node("GatherElements", [tensor, index], { axis }), at, context);
  // GatherElements wakes every thread of the runtime, however little there is to do.
  const bare = writer.node("GatherND", [tensor, index], { batch_dims: last });
  return writer.node("Unsqueeze", [bare, writer.list([axis])]);
}

/** `value` where there is such a place and `otherwise`, by default 0, elsewhere; with size 1 along the axis. */
export function whereInside(
  value: string,
  otherwise: string | undefined,
  { axis, inside }: Position,
  dtype: DType,
  context: EmitContext,
): string {
  if (inside === undefined) return value;
  const { writer } = context;
  const axes = writer.list([axis]);
  const zero = writer.scalar(0, dtype);
  const [bare, other] = [value, otherwise].map((x) =>
    x === undefined ? zero : writer.beforeAxes("Unsqueeze", x, axes),
  );
  return bare === undefined || other === undefined
    ? writer.node("Where", [writer.node("Unsqueeze", [inside, axes]), value, otherwise ?? zero])
    : writer.node("Unsqueeze", [choose(inside, bare, other, dtype, context), axes]);
}

/** The shape of one element for each line along an axis. */
export function lineShape(shape: Shape, axis: number): Shape {
  return shape.map((dim, i): Dim => (i === axis ? 1 : dim));
}
