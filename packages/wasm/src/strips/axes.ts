import { isElementwise, operandNode, type Graph, type Node, type Shape } from "@losses/core";

/** What becomes of an axis of an operand: an axis of the result, or it is summed (or its extreme taken) over. */
export type Fate = number | "reduced";

/** Where an axis of an operand goes; `undefined` where the op does not work on parts of that axis. */
export function fateOf(graph: Graph, node: Node, index: number, axis: number): Fate | undefined {
  const rank = operandNode(graph, node, index).shape.length;
  switch (node.op) {
    case "transpose":
      return node.attrs.perm.indexOf(axis);
    case "unsqueeze":
    case "squeeze": {
      const long = Math.max(rank, node.shape.length);
      const kept = [...Array(long).keys()].filter((at) => !node.attrs.axes.includes(at));
      return node.op === "unsqueeze" ? kept[axis] : found(kept.indexOf(axis));
    }
    case "reduceSum":
    case "reduceMax":
    case "reduceMin": {
      const { axes, keepdims } = node.attrs;
      if (axes.includes(axis)) return "reduced";
      return keepdims ? axis : axis - axes.filter((other) => other < axis).length;
    }
    case "matmul":
      if (rank !== 2 || node.shape.length !== 2) return undefined;
      return axis === index ? axis : "reduced";
    case "reshape":
      return keptAxis(operandNode(graph, node, index).shape, node.shape, axis);
    case "gather":
    case "scatterAdd":
    case "concat":
    case "argsort":
    case "cumsum":
    case "slice":
    case "pad":
      return node.attrs.axis === axis || rank !== node.shape.length ? undefined : axis;
    default:
      return isElementwise(node.op) || node.op === "expand" ? axis + node.shape.length - rank : undefined;
  }
}

/** True if a part of the result along an axis is the same op of such parts of the operands, or of all of those that do not extend along it. */
export function worksOnParts(graph: Graph, node: Node, axis: number): boolean {
  switch (node.op) {
    case "transpose":
    case "unsqueeze":
    case "squeeze":
    case "reduceSum":
    case "reduceMax":
    case "reduceMin":
      return true;
    case "reshape":
      return originOf(graph, node, 0, axis) !== undefined;
    case "gather":
    case "scatterAdd":
    case "concat":
    case "argsort":
    case "cumsum":
    case "slice":
    case "pad":
      return node.attrs.axis !== axis;
    default:
      return isElementwise(node.op) || node.op === "expand";
  }
}

/** Where an axis is after a reshape, if all before it or all behind it stays the same. */
function keptAxis(before: Shape, after: Shape, axis: number): number | undefined {
  const isSame = (at: number, moved: number): boolean => before[at] === after[moved + at];
  const more = after.length - before.length;
  if ([...before.keys()].slice(0, axis + 1).every((at) => isSame(at, 0))) return axis;
  if ([...before.keys()].slice(axis).every((at) => isSame(at, more))) return axis + more;
  return undefined;
}

/** The axis of an operand that one of the result comes from, or the one that is reduced; `undefined` where all of it is needed. */
export function originOf(graph: Graph, node: Node, index: number, fate: Fate): number | undefined {
  const { shape } = operandNode(graph, node, index);
  return found(shape.findIndex((dim, axis) => dim !== 1 && fateOf(graph, node, index, axis) === fate));
}

function found(at: number): number | undefined {
  return at < 0 ? undefined : at;
}
