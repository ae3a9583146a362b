import { nodeAt, type Dim, type Graph } from "@losses/core";
import type { Stage } from "./fuse.js";

/** How much there is to do in a stage, and by whom. */
export interface Work {
  /** The size that is shared out, if there is one. */
  readonly shared: Dim | undefined;
  /** Whether only the thread that holds the program can do it: it calls JavaScript. */
  readonly isHere: boolean;
  /** How often its innermost part is done. */
  readonly dims: readonly Dim[];
  /** What that costs, where reading, computing and writing an element costs 1. */
  readonly cost: number;
}

/** A multiplication and an addition of a product. */
const costOfProduct = 1 / 16;

export function workOf(graph: Graph, stage: Stage): Work {
  if ("whole" in stage) return { shared: undefined, isHere: true, dims: [], cost: 0 };
  if ("product" in stage) {
    const { node, left } = stage.product;
    const { shape } = nodeAt(graph, node);
    const depth = nodeAt(graph, left.node).shape.slice(left.isTransposed ? -2 : -1)[0] ?? 1;
    const shared = shape.slice(0, -2).find((dim) => dim !== 1) ?? shape.at(-2);
    return { shared, isHere: false, dims: [...shape, depth], cost: costOfProduct };
  }
  const { space } = stage.nest;
  return { shared: space[0], isHere: false, dims: space, cost: 1 };
}
