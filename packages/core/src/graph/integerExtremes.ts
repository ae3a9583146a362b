import { ShapeError } from "../errors.js";
import { bindShape, formatShape, sizeOf, type DimSizes } from "../tensor/dims.js";
import { nodeAt, operandNode, type Graph } from "./graph.js";

/**
 * What checks that no integer maximum or minimum of a graph is over no elements, where it has no value: throws `ShapeError` for sizes
 * with which one is. `undefined` if there is none to check. One that only empty tensors are computed from is never read, and may be
 * over nothing.
 */
export function integerExtremesCheck(graph: Graph): ((sizes: DimSizes) => void) | undefined {
  const extremes = graph.nodes
    .filter((node) => node.op === "reduceMax" || node.op === "reduceMin")
    .filter(({ dtype }) => dtype === "int32");
  if (extremes.length === 0) return undefined;
  return (sizes) => {
    const over = extremes.filter((node) => sizeOf(bindShape(operandNode(graph, node, 0).shape, sizes)) === 0);
    if (over.length === 0) return;
    const read = readNodes(graph, sizes);
    for (const node of over) {
      if (!read.has(node.id)) continue;
      const extreme = node.op === "reduceMax" ? "maximum" : "minimum";
      const shape = formatShape(bindShape(operandNode(graph, node, 0).shape, sizes));
      throw new ShapeError(
        `${graph.name}: an integer ${extreme} must be over one element or more, got a tensor of shape ${shape}. Cast it to the dtype that is computed in, whose ${extreme} over nothing is infinite.`,
      );
    }
  };
}

/** The nodes of which elements are needed: outputs, and what a needed node that has elements is computed from. */
function readNodes(graph: Graph, sizes: DimSizes): ReadonlySet<number> {
  const read = new Set(graph.outputs.map(({ node }) => node));
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const { shape, inputs } = nodeAt(graph, id);
    if (!read.has(id)) continue;
    if (sizeOf(bindShape(shape, sizes)) === 0) read.delete(id);
    else for (const input of inputs) read.add(input);
  }
  return read;
}
