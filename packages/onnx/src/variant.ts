import {
  evaluateDim,
  isFloat,
  nodeAt,
  sizeOf,
  verify,
  type Dim,
  type DimSizes,
  type Graph,
  type Node,
  type Shape,
} from "@losses/core";
import { abilities, type Abilities, type Provider } from "./emit/providers.js";
import { mostUnrolled } from "./emit/scan.js";
import { maskShape } from "./emit/scatter.js";
import { knownDims, stagesOf, runsOf, type SumRun } from "./emit/sumStages.js";

/** From so many elements on a pass over a tensor takes longer than several small nodes. */
const largeCount = 32768;

/** Whether a tensor of this shape is so large; what is not known may be. */
export function isLarge(shape: Shape, sizes: DimSizes | undefined): boolean {
  const known = knownDims(shape, sizes);
  return known === undefined || sizeOf(known) > largeCount;
}

/** The nodes of a graph, each with the graph that it is in: its own, or the body of a scan. */
function everyNode(graph: Graph): readonly { readonly node: Node; readonly within: Graph }[] {
  const bodies = new Set(graph.nodes.flatMap((node) => (node.op === "scan" ? [node.attrs.body] : [])));
  return [...graph.nodes.map((node) => ({ node, within: graph })), ...[...bodies].flatMap(everyNode)];
}

/**
 * Says for sizes whether every tensor of a graph has elements.
 *
 * @example
 * ```ts
 * const haveElements = elementsIn(graph);
 * haveElements({ N: 0, D: 128 }); // false
 * ```
 */
export function elementsIn(graph: Graph): (sizes: DimSizes) => boolean {
  verify(graph);
  const nodes = everyNode(graph).map(({ node }) => node);
  const dims = new Set(nodes.flatMap((node) => [...node.shape, ...(node.op === "scan" ? [node.attrs.length] : [])]));
  return (sizes) => [...dims].every((dim) => evaluateDim(dim, sizes) !== 0);
}

/** How many steps a scan takes in every run of a model: its length, or that for the sizes by which steps are written out. */
export function knownSteps(length: Dim, can: Abilities, sizes: DimSizes | undefined): number | undefined {
  if (typeof length === "number") return length;
  return can.hasScan ? undefined : evaluateDim(length, sizes ?? {});
}

/** The part of the options of a model that its variants depend on. */
export interface VariantOptions {
  /** Default `"any"`. */
  readonly provider?: Provider;
}

/**
 * What tells models of a graph for different sizes (`ExportGraphOptions.sizes`) apart: a model serves all sizes with the same key.
 *
 * @param options those that the models are written with
 * @example
 * ```ts
 * const keyOf = variantKey(graph);
 * const model = (models[keyOf(sizes)] ??= exportGraph(graph, { sizes }));
 * ```
 */
export function variantKey(graph: Graph, { provider = "any" }: VariantOptions = {}): (sizes: DimSizes) => string {
  verify(graph);
  const can = abilities[provider];
  const runs = new Map<string, SumRun>();
  const nodes = everyNode(graph);
  for (const { node, within } of nodes) {
    for (const run of sumsOf(node, within, can)) runs.set(JSON.stringify(run), run);
  }
  const wholes = nodes.flatMap(({ node: { op, shape } }) => (op === "softmax" ? [shape] : []));
  const lengths = new Set(nodes.flatMap(({ node }) => (node.op === "scan" ? [node.attrs.length] : [])));
  const haveElements = elementsIn(graph);
  return (sizes) => {
    const steps = [...lengths].map((length) => Math.min(knownSteps(length, can, sizes) ?? 0, mostUnrolled + 1));
    if (!haveElements(sizes)) return ["empty", ...steps].join();
    const stages = [...runs.values()].map((run) => {
      const { first = 0, padded } = stagesOf(run, sizes);
      return `${first}+${padded}`;
    });
    return [...stages, ...wholes.map((shape) => isLarge(shape, sizes)), ...steps].join();
  };
}

/** The sums that a node takes. */
function sumsOf(node: Node, graph: Graph, can: Abilities): readonly SumRun[] {
  switch (node.op) {
    case "reduceSum":
    case "reduceLogSumExp":
      return isFloat(node.dtype) ? runsOf(nodeAt(graph, node.inputs[0]).shape, node.attrs.axes) : [];
    case "softmax":
    case "logSoftmax":
      return runsOf(node.shape, [node.attrs.axis]);
    case "scatterAdd": {
      const shape = can.scattersSums ? undefined : maskShape(node, graph);
      return shape === undefined || !isFloat(node.dtype) ? [] : runsOf(shape, [node.attrs.axis + 1]);
    }
    default:
      return [];
  }
}
