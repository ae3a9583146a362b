import {
  isElementwise,
  nodeAt,
  operandNode,
  type ElementwiseOp,
  type Node,
  type NodeOf,
  type Shape,
} from "@losses/core";
import type { EmitContext } from "../../context.js";
import { elementwiseEmitters } from "../../elementwise.js";
import { logSoftmaxOffsets } from "../../normalize.js";
import { gathered, gatherAt, lineShape, type Position } from "./position.js";

/**
 * What node `id` holds at one place for each line, broadcastable to a tensor with one element a line; `undefined` if that takes the
 * whole node anyway. Where nothing else needs a node that works element by element, only what is picked is computed.
 */
export function pickAt(id: number, at: Position, context: EmitContext): string | undefined {
  const { graph, writer, can } = context;
  const node = nodeAt(graph, id);
  const axis = at.axis - (at.whole.length - node.shape.length);
  if (axis < 0 || node.shape[axis] === 1) return context.valueOf(id);
  if (runsAlong(node, axis, context)) return at.int32;
  if (can.smallNodesAreCheap && isElementwise(node.op) && (node.dtype === "bool" || context.uses(id) === 1)) {
    const parts = node.inputs.map((input) => pickAt(input, at, context));
    const known = parts.filter((part) => part !== undefined);
    return known.length < parts.length ? undefined : emitElementwise(node.op, node, known, context);
  }
  // ONNX Runtime's WebGPU provider gathers no bool, and none is 0 over an empty axis.
  if ((!can.movesBools || at.mayBeNone) && node.dtype === "bool") return undefined;
  if (node.op === "logSoftmax") {
    const found = pickLogSoftmax(node, at, context);
    if (found !== undefined) return found;
  }
  if (same(node.shape, at.whole)) return gatherAt(context.valueOf(id), at, context);
  const source = node.op === "unsqueeze" ? operandNode(graph, node, 0) : node;
  const isLine = source.shape.length === 1 && source.shape[0] === node.shape[axis];
  if (!isLine) return undefined;
  return gathered(writer.node("Gather", [context.valueOf(source.id), at.index], { axis: 0 }), at, context);
}

/** What is picked, as large as the lines are. */
export function pickLines(id: number, at: Position, context: EmitContext): string | undefined {
  const { graph, writer, sizes } = context;
  const picked = pickAt(id, at, context);
  if (picked === undefined || at.inside !== undefined) return picked;
  const { shape } = nodeAt(graph, id);
  const axis = at.axis - (at.whole.length - shape.length);
  const lines = lineShape(at.whole, at.axis);
  return same(lineShape(shape, axis), lines) ? picked : writer.node("Expand", [picked, sizes.list(lines)]);
}

/** (log softmax x)ᵢ = xᵢ - m - log Σ exp(x - m), for one i in each line. */
function pickLogSoftmax(node: NodeOf<"logSoftmax">, at: Position, context: EmitContext): string | undefined {
  const { writer } = context;
  const { axis } = node.attrs;
  const isOwnAxis = axis === at.axis;
  if (context.uses(node.id) > 1 || !same(node.shape, at.whole) || !(isOwnAxis || node.shape.length === 2))
    return undefined;
  const gather = (from: string): string => gatherAt(from, at, context);
  // Of a matrix, what has one element a line along the other axis is a line itself.
  const across = (part: string): string => {
    const line = writer.node("Reshape", [part, writer.list([-1])]);
    return gathered(writer.node("Gather", [line, at.index], { axis: 0 }), at, context);
  };
  const offsets = logSoftmaxOffsets(node, gather, context)?.map((part) => (isOwnAxis ? part : across(part)));
  return offsets?.reduce((rest, offset) => writer.node("Sub", [rest, offset]), gather(context.valueOf(node.inputs[0])));
}

/** Writes an op that works element by element on other operands than the graph's. */
function emitElementwise(op: ElementwiseOp, node: Node, inputs: readonly string[], context: EmitContext): string {
  // The table is keyed by op, so the emitter found takes this very node; TypeScript cannot relate the two unions.
  const emit = elementwiseEmitters[op] as (node: Node, inputs: readonly string[], context: EmitContext) => string;
  return emit(node, inputs, context);
}

/** True for `0, 1, 2, …` along this axis. */
function runsAlong(node: Node, axis: number, { graph }: EmitContext): boolean {
  const line = node.op === "unsqueeze" ? operandNode(graph, node, 0) : node;
  return (
    line.op === "iota" && node.shape[axis] === line.attrs.size && node.shape.every((dim, i) => i === axis || dim === 1)
  );
}

function same(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
