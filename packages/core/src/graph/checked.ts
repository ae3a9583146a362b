import { isObject, printValue, readable } from "../arguments.js";
import { LossesError } from "../errors.js";
import * as inner from "./graph.js";
import type { Graph, Node, NodeOf } from "./graph.js";
import * as oneHot from "./oneHot.js";
import { printGraph as print } from "./print.js";
import * as recursions from "./recursions.js";
import { simplify as simplified } from "./simplify.js";
import { checkGraph, trustGraph } from "./verify.js";

// What other packages call, with graphs that need not come from here.

export function nodeAt(graph: Graph, id: number): Node {
  checkGraph("nodeAt", graph);
  if (Number.isInteger(id)) return inner.nodeAt(graph, id);
  throw invalid(`nodeAt: the node must be an integer, got ${printValue(id)}.`);
}

/** The input nodes in the order in which they are fed. */
export function graphInputs(graph: Graph): readonly NodeOf<"input">[] {
  checkGraph("graphInputs", graph);
  return inner.graphInputs(graph);
}

/** The nodes that outputs need. */
export function liveNodes(graph: Graph): ReadonlySet<number> {
  checkGraph("liveNodes", graph);
  return inner.liveNodes(graph);
}

/** How many nodes and outputs read each node; of nodes, those that outputs need. */
export function countUses(graph: Graph, live?: ReadonlySet<number>): ReadonlyMap<number, number> {
  checkGraph("countUses", graph);
  if (live === undefined || readable("countUses", () => live instanceof Set)) return inner.countUses(graph, live);
  throw invalid(`countUses: live must be a set of nodes, got ${printValue(live)}.`);
}

/** The recursions of a graph: scans that differ only in which output they are, are one. */
export function recursionsOf(graph: Graph): readonly recursions.Recursion[] {
  checkGraph("recursionsOf", graph);
  return recursions.recursionsOf(graph);
}

/** Every symbol that occurs in the shapes of the graph's inputs. */
export function graphSymbols(graph: Graph): readonly string[] {
  checkGraph("graphSymbols", graph);
  return inner.graphSymbols(graph);
}

/** A stable text form of a graph, one node a line: for people, snapshots and bug reports. */
export function printGraph(graph: Graph): string {
  checkGraph("printGraph", graph);
  return print(graph);
}

/**
 * The same function with fewer nodes: constants folded, common subexpressions shared, dead code dropped and
 * broadcasts removed where the user broadcasts anyway. Changes no result, NaN and infinities included, but for the rounding
 * of a number that every element is multiplied by.
 */
export function simplify(graph: Graph): Graph {
  checkGraph("simplify", graph);
  return trustGraph(simplified(graph));
}

/** `sum(where(one-hot, x, 0), axis)` as picking from x. */
export function pickOf(graph: Graph, node: NodeOf<"reduceSum">): oneHot.OneHotPick | undefined {
  checkNode("pickOf", graph, node, "reduceSum");
  return oneHot.pickOf(graph, node);
}

/** `where(one-hot, value, 0)` and `where(one-hot, value, x)` as writing at positions. */
export function replaceOf(graph: Graph, node: NodeOf<"where">): oneHot.OneHotReplace | undefined {
  checkNode("replaceOf", graph, node, "where");
  return oneHot.replaceOf(graph, node);
}

/** The first position of the largest or smallest element: `min(where(x = extreme x, iota, huge), axis)`. */
export function firstExtremeOf(graph: Graph, node: NodeOf<"reduceMin">): oneHot.FirstExtreme | undefined {
  checkNode("firstExtremeOf", graph, node, "reduceMin");
  return oneHot.firstExtremeOf(graph, node);
}

function checkNode(where: string, graph: Graph, node: unknown, op: Node["op"]): void {
  checkGraph(where, graph);
  const own = readable(
    where,
    () =>
      isObject(node) && node["op"] === op && Number.isInteger(node["id"]) && graph.nodes[Number(node["id"])] === node,
  );
  if (!own) throw invalid(`${where}: the node must be a ${op} of the graph, got ${printValue(node)}.`);
}

function invalid(message: string): LossesError {
  return new LossesError("INVALID_GRAPH", message);
}
