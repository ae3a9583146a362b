import { isFloat, nodeAt, type Graph, type Node, type NodeOf, type Shape } from "@losses/core";
import type { LinePlaces } from "./position.js";

/** A choice by position: `value`, of size 1 along the axis, at the places, and `elsewhere` where they are not. */
export interface Replaced extends LinePlaces {
  readonly value: number;
  readonly elsewhere: number;
}

/** `where(0, 1, 2, … = index, value, x)`, as a matrix without its diagonal, which no op says. */
export function replacedOf(graph: Graph, node: NodeOf<"where">): Replaced | undefined {
  const [condition, value, elsewhere] = node.inputs;
  const mask = nodeAt(graph, condition);
  if (!isFloat(node.dtype) || mask.op !== "equal" || mask.shape.length !== node.shape.length) return undefined;
  const other = nodeAt(graph, elsewhere).shape;
  if (other.length !== node.shape.length || !other.every((dim, axis) => dim === node.shape[axis])) return undefined;
  const [a, b] = mask.inputs;
  for (const [position, index] of [
    [a, b],
    [b, a],
  ] as const) {
    const axis = iotaAxis(graph, nodeAt(graph, position), node.shape);
    const isLine = axis !== undefined && [index, value].every((id) => isSingle(nodeAt(graph, id), node.shape, axis));
    if (isLine) return { axis, index, value, elsewhere };
  }
  return undefined;
}

/** The axis of a result that `0, 1, 2, …` runs along, from one end to the other: a single 0 that is stretched does not. */
function iotaAxis(graph: Graph, node: Node, whole: Shape): number | undefined {
  const line = node.op === "unsqueeze" ? nodeAt(graph, node.inputs[0]) : node;
  if (line.op !== "iota") return undefined;
  const own = node.op === "unsqueeze" ? node.shape.findIndex((_, axis) => !node.attrs.axes.includes(axis)) : 0;
  const axis = own + whole.length - node.shape.length;
  return whole[axis] === line.attrs.size ? axis : undefined;
}

/** True for a tensor that is broadcast along an axis of a result. */
function isSingle({ shape }: Node, whole: Shape, axis: number): boolean {
  const own = axis - whole.length + shape.length;
  return own < 0 || shape[own] === 1;
}
