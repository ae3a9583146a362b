import { nodeAt, type Graph, type Node, type NodeOf } from "@losses/core";

/** Ops that are computed of whole tensors in memory, by JavaScript. */
export type WholeOp = "argsort" | "cumsum" | "gather" | "scatterAdd" | "concat" | "slice" | "pad" | "scan";

const wholeOps: { readonly [K in WholeOp]: true } = {
  argsort: true,
  cumsum: true,
  gather: true,
  scatterAdd: true,
  concat: true,
  slice: true,
  pad: true,
  scan: true,
};

export function isWhole(node: Node): node is NodeOf<WholeOp> {
  return Object.hasOwn(wholeOps, node.op);
}

/** The node in whose memory the elements of a tensor are, in the same order: the shape may be another. */
export function contiguous(graph: Graph, id: number): number {
  const node = nodeAt(graph, id);
  switch (node.op) {
    case "reshape":
    case "unsqueeze":
    case "squeeze":
      return contiguous(graph, node.inputs[0]);
    default:
      return id;
  }
}

/** The node in whose memory a stored tensor is: a reshape has none of its own. */
export function memoryOf(graph: Graph, id: number): number {
  return nodeAt(graph, id).op === "reshape" ? contiguous(graph, id) : id;
}
