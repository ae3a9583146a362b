import type { IndexRange } from "../ops/types.js";
import type { Dim } from "../tensor/dims.js";
import type { Node } from "./graph.js";

/** What reads nodes of a graph, finished or in the making. */
export interface NodeReader {
  node(id: number): Node;
}

/** The node whose numbers a node has, in other places or repeated; the node itself where it computes its own. */
export function sourceOf(graph: NodeReader, id: number): Node {
  const node = graph.node(id);
  switch (node.op) {
    case "unsqueeze":
    case "squeeze":
    case "expand":
    case "transpose":
    case "reshape":
    case "slice":
    case "identity":
      return sourceOf(graph, node.inputs[0]);
    default:
      return node;
  }
}

/** What the integers of a node are, where that is known. */
export function indexRangeOf(graph: NodeReader, id: number): IndexRange | undefined {
  const node = sourceOf(graph, id);
  switch (node.op) {
    case "input":
      return node.attrs.indices;
    case "iota":
      return { below: node.attrs.size };
    case "constant":
      return node.attrs.value >= 0 ? { below: node.attrs.value + 1 } : undefined;
    case "argsort":
      return { below: node.shape[node.attrs.axis] ?? 1 };
    default:
      return undefined;
  }
}

/** Whether positions can lie outside an axis of this size: never, only where they are `except`, or who knows. */
export function outsideOf(
  graph: NodeReader,
  index: number,
  size: Dim,
): "never" | "unknown" | { readonly except: number } {
  const range = indexRangeOf(graph, index);
  if (range === undefined || (range.from ?? 0) < 0) return "unknown";
  const fits =
    range.below === size || (typeof range.below === "number" && typeof size === "number" && range.below <= size);
  if (!fits) return "unknown";
  if (range.except === undefined) return "never";
  // An exception that is not negative may name an element after all.
  return range.except < 0 ? { except: range.except } : "unknown";
}
