import { isFloat, nodeAt, sizeOf, verify, type DimSizes, type Graph, type Node, type Shape } from "@losses/core";
import { knownDims, planSum, runsOf, type SumRun } from "./emit/sumPlan.js";

/** From so many elements on a pass over a tensor takes longer than several small nodes. */
const largeCount = 32768;

/** Whether a tensor of this shape is so large; what is not known may be. */
export function isLarge(shape: Shape, sizes: DimSizes | undefined): boolean {
  const known = knownDims(shape, sizes);
  return known === undefined || sizeOf(known) > largeCount;
}

/** True if sizes are known and every tensor has elements. */
export function haveElements(sizes: DimSizes | undefined): boolean {
  return sizes !== undefined && !Object.values(sizes).includes(0);
}

/**
 * What tells models of a graph for different sizes (`ExportGraphOptions.sizes`) apart: a model serves all sizes with the same key.
 *
 * @example
 * ```ts
 * const keyOf = variantKey(graph);
 * const model = (models[keyOf(sizes)] ??= exportGraph(graph, { sizes }));
 * ```
 */
export function variantKey(graph: Graph): (sizes: DimSizes) => string {
  verify(graph);
  const runs = new Map<string, SumRun>();
  for (const node of graph.nodes) for (const run of sumsOf(node, graph)) runs.set(JSON.stringify(run), run);
  const wholes = graph.nodes.flatMap(({ op, shape }) => (op === "softmax" ? [shape] : []));
  return (sizes) => {
    if (!haveElements(sizes)) return "empty";
    const plans = [...runs.values()].map((run) => {
      const { first = 0, padded } = planSum(run, sizes);
      return `${first}+${padded}`;
    });
    return [...plans, ...wholes.map((shape) => isLarge(shape, sizes))].join();
  };
}

/** The sums that a node takes. */
function sumsOf(node: Node, graph: Graph): readonly SumRun[] {
  const { shape } = nodeAt(graph, node.inputs[0] ?? node.id);
  switch (node.op) {
    case "reduceSum":
    case "reduceLogSumExp":
      return isFloat(node.dtype) ? runsOf(shape, node.attrs.axes) : [];
    case "softmax":
    case "logSoftmax":
      return runsOf(shape, [node.attrs.axis]);
    default:
      return [];
  }
}
