import { outsideOf, sourceOf, type Dim, type Shape } from "@losses/core";
import { elementType } from "../format.js";
import type { EmitContext } from "./context.js";
import { numbersTo } from "./movement.js";
import { reduceAlong } from "./normalize.js";

/** 0, 1, 2, … along an axis of a tensor. */
export function placesAlong(shape: Shape, axis: number, context: EmitContext): string {
  const { writer } = context;
  const places = numbersTo(shape[axis] ?? 1, context);
  const trailing = Array.from({ length: shape.length - 1 - axis }, (_, i) => i + 1);
  return trailing.length === 0 ? places : writer.node("Unsqueeze", [places, writer.list(trailing)]);
}

/** Whether positions can lie outside an axis. What a model is fed is believed only where it has been checked. */
export function outsideAxis(index: number, size: Dim, { graph, trustsIndices }: EmitContext): Outside {
  // Who feeds an input may feed anything.
  if (!trustsIndices && sourceOf(graph, index).op === "input") return "unknown";
  return outsideOf(graph, index, size);
}

type Outside = ReturnType<typeof outsideOf>;

/** Where positions are inside an axis; `undefined`: everywhere. `id`: the node that they are. */
export function insideAxis(index: string, id: number, size: Dim, context: EmitContext): string | undefined {
  const { writer, sizes } = context;
  const outside = outsideAxis(id, size, context);
  if (outside === "never") return undefined;
  if (outside !== "unknown") {
    return writer.node("Not", [writer.node("Equal", [index, writer.scalar(outside.except, "int32")])]);
  }
  const isFrom = writer.node("LessOrEqual", [writer.scalar(0, "int32"), index]);
  return writer.node("And", [isFrom, writer.node("Less", [index, sizes.int32(size)])]);
}

/** True if an axis may be empty while there are `count` positions to look for in it. */
export function mayLack(size: Dim, count: Dim | undefined, { hasElements }: EmitContext): boolean {
  if (typeof size === "number") return size === 0;
  return !hasElements && size !== count;
}

/** How far before the end of an axis the first of some hits is, with size 1 along it: the largest `size - i`, and 0 if nothing hits. */
export function stepsFromEnd(hits: string, shape: Shape, axis: number, size: string, context: EmitContext): string {
  const { writer } = context;
  const steps = writer.node("Range", [size, writer.scalar(0, "int32"), writer.scalar(-1, "int32")]);
  const trailing = Array.from({ length: shape.length - 1 - axis }, (_, i) => i + 1);
  const line = trailing.length === 0 ? steps : writer.node("Unsqueeze", [steps, writer.list(trailing)]);
  const numbers = writer.node("Cast", [hits], { to: elementType.int32 });
  return reduceAlong("ReduceMax", writer.node("Mul", [numbers, line]), { axes: [axis], keepdims: true }, context);
}
