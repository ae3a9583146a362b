import type { Shape } from "../tensor/dims.js";
import { isFloat } from "../tensor/dtype.js";
import { nodeAt, type Graph, type Node, type NodeOf } from "./graph.js";

// Class indices, diagonals and hardest elements are masks in a graph. A backend that can gather and scatter finds them here.

/**
 * A bool node that is true at one position of an axis: `iota = index`, with `index` of size 1 along that axis.
 * Choosing by it is gathering and scattering, which need not look at every element.
 */
export interface OneHot {
  readonly axis: number;
  /** The int32 node that says where; nowhere if it is outside the axis. */
  readonly index: number;
}

/** A sum over one axis of a tensor that is 0 except at one position of it: the element there. */
export interface OneHotPick extends OneHot {
  readonly from: Node;
  /** True if what is picked from is broadcast along the axis. */
  readonly isConstant: boolean;
  /** The shape of the choice, to which the tensors broadcast. */
  readonly shape: Shape;
}

/** A choice by position: `value`, of size 1 along the axis, where the one-hot is true. */
export interface OneHotReplace extends OneHot {
  readonly value: number;
  /** What is elsewhere; 0 if `undefined`. */
  readonly elsewhere: number | undefined;
}

/** `sum(where(one-hot, x, 0), axis)` as picking from x. */
export function pickOf(graph: Graph, node: NodeOf<"reduceSum">): OneHotPick | undefined {
  const [axis, ...more] = node.attrs.axes;
  const choice = operand(graph, node, 0);
  if (axis === undefined || more.length > 0 || choice.op !== "where" || !isFloat(choice.dtype)) return undefined;
  const from = operand(graph, choice, 1);
  const hot = oneHotsOf(graph, operand(graph, choice, 0), choice.shape).find((candidate) => candidate.axis === axis);
  if (hot === undefined || !isZero(operand(graph, choice, 2))) return undefined;
  if (operand(graph, choice, 0).shape.length !== choice.shape.length) return undefined;
  return { ...hot, from, isConstant: isSingle(from, choice.shape.length, axis), shape: choice.shape };
}

/** `where(one-hot, value, 0)` and `where(one-hot, value, x)` as writing at positions. */
export function replaceOf(graph: Graph, node: NodeOf<"where">): OneHotReplace | undefined {
  const [condition, value, other] = [0, 1, 2].map((i) => operand(graph, node, i));
  if (condition === undefined || value === undefined || other === undefined || !isFloat(node.dtype)) return undefined;
  if (condition.shape.length !== node.shape.length) return undefined;
  const elsewhere = isZero(other) ? undefined : other.id;
  if (elsewhere !== undefined && !covers(other, node)) return undefined;
  const hot = oneHotsOf(graph, condition, node.shape).find(({ axis }) => isSingle(value, node.shape.length, axis));
  return hot && { ...hot, value: value.id, elsewhere };
}

/** Where the first of the largest or smallest elements along an axis is. */
export interface FirstExtreme {
  readonly axis: number;
  readonly kernel: "ArgMax" | "ArgMin";
  readonly from: number;
  /** The node of the extreme itself. */
  readonly extreme: number;
}

/** The first position of the largest or smallest element: `min(where(x = extreme x, iota, huge), axis)`. */
export function firstExtremeOf(graph: Graph, node: NodeOf<"reduceMin">): FirstExtreme | undefined {
  const [axis, ...more] = node.attrs.axes;
  const choice = operand(graph, node, 0);
  if (axis === undefined || more.length > 0 || !node.attrs.keepdims || choice.op !== "where") return undefined;
  const [hits, position, huge] = [0, 1, 2].map((i) => operand(graph, choice, i));
  if (hits?.op !== "equal" || position === undefined || huge?.op !== "constant" || huge.attrs.value !== 2 ** 31 - 1) {
    return undefined;
  }
  const [from, extreme] = [operand(graph, hits, 0), operand(graph, hits, 1)];
  if (extreme.op !== "reduceMax" && extreme.op !== "reduceMin") return undefined;
  const sameAxis = extreme.attrs.keepdims && extreme.attrs.axes.length === 1 && extreme.attrs.axes[0] === axis;
  if (!sameAxis || extreme.inputs[0] !== from.id || iotaAxis(graph, position, choice.shape) !== axis) return undefined;
  return { axis, kernel: extreme.op === "reduceMax" ? "ArgMax" : "ArgMin", from: from.id, extreme: extreme.id };
}

/** The one-hots that a mask is of a result of shape `whole`. */
function oneHotsOf(graph: Graph, node: Node, whole: Shape): readonly OneHot[] {
  if (node.op === "and") {
    // The first of some hits is one of them.
    const pair = [operand(graph, node, 0), operand(graph, node, 1)] as const;
    return [pair, [pair[1], pair[0]] as const].flatMap(([first, hits]) =>
      oneHotsOf(graph, first, whole).filter(({ index }) => {
        const where = nodeAt(graph, index);
        if (where.op !== "reduceMin" || firstExtremeOf(graph, where) === undefined) return false;
        return operand(graph, operand(graph, where, 0), 0).id === hits.id;
      }),
    );
  }
  if (node.op !== "equal") return [];
  const [a, b] = [operand(graph, node, 0), operand(graph, node, 1)];
  return [[a, b] as const, [b, a] as const].flatMap(([position, index]) => {
    const axis = iotaAxis(graph, position, whole);
    return axis !== undefined && isSingle(index, whole.length, axis) ? [{ axis, index: index.id }] : [];
  });
}

/** The axis of a result that `0, 1, 2, …` runs along, from one end to the other: a single 0 that is stretched does not. */
function iotaAxis(graph: Graph, node: Node, whole: Shape): number | undefined {
  const line = node.op === "unsqueeze" ? operand(graph, node, 0) : node;
  if (line.op !== "iota") return undefined;
  const own = node.op === "unsqueeze" ? node.shape.findIndex((_, axis) => !node.attrs.axes.includes(axis)) : 0;
  const axis = own + whole.length - node.shape.length;
  return whole[axis] === line.attrs.size ? axis : undefined;
}

/** True for a tensor that is broadcast along an axis of a result of this rank. */
function isSingle(node: Node, rank: number, axis: number): boolean {
  const own = axis - rank + node.shape.length;
  return own < 0 || node.shape[own] === 1;
}

function covers(node: Node, whole: Node): boolean {
  return node.shape.length === whole.shape.length && node.shape.every((dim, axis) => dim === whole.shape[axis]);
}

function isZero(node: Node): boolean {
  return node.op === "constant" && node.attrs.value === 0;
}

function operand(graph: Graph, node: Node, index: number): Node {
  return nodeAt(graph, node.inputs[index] ?? -1);
}
