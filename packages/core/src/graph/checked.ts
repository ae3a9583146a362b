import { isListOf, isObject, isPlainObject, printValue, readable } from "../arguments.js";
import { InputError, LossesError } from "../errors.js";
import { opTable } from "../ops/table.js";
import type { Numbers, Values } from "../ops/types.js";
import { normalizeDim } from "../tensor/dimArithmetic.js";
import { bindShape, readShape, sameShape, sizeOf, type Dim, type DimSizes } from "../tensor/dims.js";
import { hasAttributes } from "./attributes.js";
import * as inner from "./graph.js";
import * as ranges from "./indexRanges.js";
import * as interpreter from "./interpret.js";
import * as signs from "./signs.js";
import * as sizes from "./sizeCheck.js";
import type { Graph, Node, NodeOf } from "./graph.js";
import { printGraph as print } from "./print.js";
import * as recursions from "./recursions.js";
import { simplify as simplified } from "./simplify.js";
import { checkGraph, hasParts, isNode, trustGraph as trust } from "./verify.js";

// What other packages call, with graphs that need not come from here.

export function nodeAt(graph: Graph, id: number): Node {
  checkGraph("nodeAt", graph);
  checkPlace("nodeAt", "node", id);
  return inner.nodeAt(graph, id);
}

/** One of the operands of a node, or of what stands for them. */
export function operandAt<T>(operands: readonly T[], index: number): T {
  checkPlace("operandAt", "index", index);
  const isList = readable("operandAt", () => Array.isArray(operands));
  if (!isList) throw invalid(`operandAt: the operands must be a list, got ${printValue(operands)}.`);
  return readable("operandAt", () => inner.operandAt(operands, index));
}

/** The node that an operand of another is. */
export function operandNode(graph: Graph, node: Node, index: number): Node {
  const operands: readonly number[] | undefined = readable("operandNode", () =>
    isObject(node) && Array.isArray(node.inputs) ? node.inputs : undefined,
  );
  if (operands === undefined) {
    throw invalid(`operandNode: the node must have a list of inputs, got ${printValue(node)}.`);
  }
  return nodeAt(graph, operandAt(operands, index));
}

/** What a node is called where nodes have got other numbers: all that are asked for have one. */
export function movedTo(numbers: ReadonlyMap<number, number> | readonly number[], id: number): number {
  checkPlace("movedTo", "node", id);
  const isOne = readable("movedTo", () => Array.isArray(numbers) || numbers instanceof Map);
  if (!isOne) throw invalid(`movedTo: the numbers must be a list or a map, got ${printValue(numbers)}.`);
  return readable("movedTo", () => inner.movedTo(numbers, id));
}

function checkPlace(where: string, what: string, place: unknown): void {
  if (Number.isInteger(place)) return;
  throw invalid(`${where}: the ${what} must be an integer, got ${printValue(place)}.`);
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
  return trust(simplified(graph));
}

/** Whether the positions that a node is can lie outside an axis of this size: never, only where they are `except`, or who knows. */
export function outsideOf(graph: Graph, index: number, size: Dim): "never" | "unknown" | { readonly except: number } {
  nodeAt(graph, index);
  return ranges.outsideOf({ node: (id) => inner.nodeAt(graph, id) }, index, normalizeDim(size));
}

/** The node whose numbers a node has, in other places or repeated; the node itself where it computes its own. */
export function sourceOf(graph: Graph, id: number): Node {
  nodeAt(graph, id);
  return ranges.sourceOf({ node: (at) => inner.nodeAt(graph, at) }, id);
}

/** For every node, whether its elements are never below 0 (they may be NaN), in any arithmetic. */
export function nonNegativeNodes(graph: Graph): readonly boolean[] {
  checkGraph("nonNegativeNodes", graph);
  return signs.nonNegativeNodes(graph);
}

/**
 * What checks that a graph has a value for the sizes of a run, since symbols say nothing of which is larger; `undefined` if every
 * size will do. It throws `ShapeError`.
 */
export function sizeCheck(graph: Graph): ((sizes: DimSizes) => void) | undefined {
  checkGraph("sizeCheck", graph);
  return sizes.sizeCheck(graph);
}

/** What the sizes of a run must keep to: the positions of every slice and pad, those in the bodies of recursions too. */
export function sizeLimits(graph: Graph): readonly sizes.SizeLimit[] {
  checkGraph("sizeLimits", graph);
  return sizes.sizeLimits(graph);
}

/**
 * Evaluates a graph in float64, node by node, by what each op says that it means: slow, and the reference for everything that
 * is fast. Feeds and results are row-major; bools are 0 and 1.
 */
export function interpret(graph: Graph, feeds: Readonly<Record<string, Numbers>>, given: DimSizes): readonly Values[] {
  checkGraph("interpret", graph);
  checkNamed("interpret", feeds, given);
  const own = inner.graphInputs(graph).map(({ attrs: { name, shape } }): readonly [string, Numbers] => {
    const numbers = readNumbers(
      `interpret: the feed ${name}`,
      readable("interpret", () => feeds[name]),
    );
    const wanted = bindShape(shape, given);
    if (sameShape(numbers.shape, wanted)) return [name, numbers];
    throw new InputError(
      `interpret: the feed ${name} must have the shape [${wanted.join(", ")}], got [${numbers.shape.join(", ")}].`,
      "INVALID_INPUT",
    );
  });
  return interpreter.interpret(graph, Object.fromEntries(own), given);
}

/** The value of one node, given those of its operands. */
export function interpretNode(
  node: Node,
  operands: readonly Numbers[],
  feeds: Readonly<Record<string, Numbers>>,
  given: DimSizes,
): Values {
  checkNamed("interpretNode", feeds, given);
  const own: Numbers[] = [];
  const isNumbers = (operand: unknown): boolean => own.push(readNumbers("interpretNode: operands", operand)) > 0;
  if (!isListOf(operands, isNumbers)) {
    throw invalid(`interpretNode: operands must be a list of numbers with a shape, got ${printValue(operands)}.`);
  }
  const isOne = readable("interpretNode", () => {
    if (!isNode(node) || !hasAttributes(node.op, node.attrs, own[0]?.shape.length ?? 0)) return false;
    const { arity } = opTable[node.op];
    return (arity === "any" || arity === own.length) && (node.op !== "input" || isObject(feeds[node.attrs.name]));
  });
  if (!isOne) throw invalid(`interpretNode: the node must fit its ${own.length} operands, got ${printValue(node)}.`);
  return interpreter.interpretNode(node, own, feeds, given);
}

function checkNamed(where: string, feeds: unknown, given: unknown): void {
  if (isPlainObject(feeds) && isPlainObject(given)) return;
  const got = `${printValue(feeds)} and ${printValue(given)}`;
  throw new InputError(`${where}: feeds and sizes must be given by name, got ${got}.`, "INVALID_INPUT");
}

function readNumbers(what: string, given: unknown): Numbers {
  const { shape, data } = readable(what, () => {
    const { shape: own, data: elements } = isObject(given) ? given : {};
    const isView = [Float64Array, Float32Array, Int32Array, Uint8Array].some((View) => elements instanceof View);
    return { shape: readShape(what, own), data: isView ? (elements as Numbers["data"]) : undefined };
  });
  // The length may be a property of one's own.
  if (data !== undefined && data.byteLength >= sizeOf(shape) * data.BYTES_PER_ELEMENT) return { shape, data };
  throw new InputError(
    `${what} must have an array of ${sizeOf(shape)} numbers as their data, got ${data === undefined ? "others" : "fewer"}.`,
    "INVALID_INPUT",
  );
}

/** The same graph, taken for well formed from now on: for who rewrites graphs that are. */
export function trustGraph(graph: Graph): Graph {
  const isOne = readable("trustGraph", () => hasParts(graph) && isListOf(graph.nodes, isNode));
  if (!isOne) throw invalid(`trustGraph: a graph must have a name, nodes and outputs, got ${printValue(graph)}.`);
  return readable("trustGraph", () => trust(graph));
}

function invalid(message: string): LossesError {
  return new LossesError("INVALID_GRAPH", message);
}
