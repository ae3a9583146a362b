import { bindDim, bindShape, nodeAt, sizeOf, type DimSizes, type Graph } from "@losses/core";

/** What the nodes of a graph have and take together: the measure of how long it takes to analyse it. */
export interface Work {
  /** Elements that all nodes have. */
  readonly elements: number;
  /** Products that matrix products take. */
  readonly products: number;
}

/** The outputs of one scan are computed once. */
export function workOf(graph: Graph, sizes: DimSizes): Work {
  const scans = new Set<string>();
  let [elements, products] = [0, 0];
  for (const node of graph.nodes) {
    const size = sizeOf(bindShape(node.shape, sizes));
    elements += size;
    if (node.op === "matmul") products += size * bindDim(nodeAt(graph, node.inputs[0]).shape.at(-1) ?? 0, sizes);
    if (node.op !== "scan") continue;
    const { body, length, reverse } = node.attrs;
    const key = `${node.inputs.join()} ${reverse} ${body.nodes.length}`;
    if (scans.has(key)) continue;
    scans.add(key);
    const step = workOf(body, sizes);
    const count = bindDim(length, sizes);
    [elements, products] = [elements + count * step.elements, products + count * step.products];
  }
  return { elements, products };
}
