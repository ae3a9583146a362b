import { cut, isObject, printValue, readable } from "../arguments.js";
import { LossesError } from "../errors.js";
import { opTable } from "../ops/table.js";
import type { TensorType } from "../ops/types.js";
import { symbolsOf } from "../tensor/dimArithmetic.js";
import { formatShape, sameShape, type Dim } from "../tensor/dims.js";
import { hasAttributes, isDType, isShape } from "./attributes.js";
import { inferType } from "./builder.js";
import type { Graph, Node } from "./graph.js";

/** Graphs that are well formed. */
const wellFormed = new WeakSet<object>();

/** Checks that a graph is well formed: order, arity, the stored type of every node, outputs and symbols. Throws if not. */
export function verify(graph: Graph): void {
  readable("verify", () => verifyGraph(graph));
  trustGraph(graph);
}

/** The same for a graph that may have been looked at before. `where`: what was called with it. */
export function checkGraph(where: string, graph: Graph): void {
  if (!isObject(graph)) throw invalid(where, `the graph must be an object, got ${printValue(graph)}.`);
  if (!wellFormed.has(graph)) verify(graph);
}

/**
 * The same graph, taken for well formed from now on: for who rewrites graphs that are. The bodies of its scans are, too, though they
 * use symbols that only the graph around them knows.
 */
export function trustGraph(graph: Graph): Graph {
  if (wellFormed.has(graph)) return graph;
  wellFormed.add(graph);
  for (const node of graph.nodes) if (node.op === "scan") trustGraph(node.attrs.body);
  return graph;
}

function invalid(where: string, what: string): LossesError {
  return new LossesError("INVALID_GRAPH", `${where}: ${what}`);
}

/** True for data all the way down: what a getter says may change after it was looked at. */
function isData(value: unknown, depth: number = 0, bodies: number = 0): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  if (depth === deepest || bodies > mostBodies) return false;
  return Object.entries(Object.getOwnPropertyDescriptors(value)).every(
    ([key, own]) =>
      "value" in own && (key === "body" ? isData(own.value, 0, bodies + 1) : isData(own.value, depth + 1, bodies)),
  );
}

/** Graph, nodes, node, attributes, indices, and the lists in them. */
const deepest = 6;

/** Recursions within recursions, at most. */
const mostBodies = 8;

function verifyGraph(graph: Graph): void {
  if (!isData(graph)) throw invalid("graph", `a graph must be plain data, got ${printValue(graph)}.`);
  if (!hasParts(graph)) {
    throw invalid("graph", `a graph must have a name, nodes and outputs, got ${printValue(graph)}.`);
  }
  const refuse = (what: string): never => {
    throw invalid(`graph ${graph.name}`, what);
  };
  verifyNodes(graph, refuse);
  verifySymbols(graph, refuse);
}

/** True for what has the parts of a graph. */
export function hasParts(graph: unknown): graph is Graph {
  if (!isObject(graph)) return false;
  const { name, nodes, outputs } = graph;
  return typeof name === "string" && Array.isArray(nodes) && Array.isArray(outputs);
}

/** Everything but the symbols, which in the body of a scan are those around it. */
function verifyNodes(graph: Graph, refuse: (what: string) => never): void {
  const names = new Set<string>();
  // A hole is refused like any other item.
  for (let position = 0; position < graph.nodes.length; position++) {
    const node = verifyNode(graph, graph.nodes[position], position, refuse);
    if (node.op !== "input") continue;
    if (names.has(node.attrs.name)) refuse(`input names must be unique, got ${cut(node.attrs.name)} twice.`);
    names.add(node.attrs.name);
  }
  if (graph.outputs.length === 0) refuse("there must be an output, got none.");
  for (let i = 0; i < graph.outputs.length; i++) {
    const output: unknown = graph.outputs[i];
    if (isObject(output) && typeof output["name"] === "string" && hasNode(graph, output["node"], graph.nodes.length))
      continue;
    refuse(`outputs must have a name and name a node, got ${printOutput(output)}.`);
  }
  if (new Set(graph.outputs.map((output) => output.name)).size < graph.outputs.length) {
    refuse("output names must be unique, got one twice.");
  }
}

/** True for a node before this position. */
function hasNode(graph: Graph, id: unknown, before: number): id is number {
  return Number.isInteger(id) && Number(id) >= 0 && Number(id) < before && graph.nodes[Number(id)] !== undefined;
}

function printOutput(output: unknown): string {
  return isObject(output) ? `${printValue(output["name"])} for ${printValue(output["node"])}` : printValue(output);
}

function verifyNode(graph: Graph, node: unknown, position: number, refuse: (what: string) => never): Node {
  if (!isNode(node))
    return refuse(`node at ${position} must have an op, inputs, a shape and a dtype, got ${printValue(node)}.`);
  if (node.id !== position) refuse(`node at ${position} must have that id, got ${printValue(node.id)}.`);
  const operands: TensorType[] = [];
  for (let i = 0; i < node.inputs.length; i++) {
    const id: unknown = node.inputs[i];
    const operand = hasNode(graph, id, position) ? graph.nodes[id] : undefined;
    operands.push(operand ?? refuse(`%${position} must use earlier nodes, got ${printValue(id)}.`));
  }
  if (!hasAttributes(node.op, node.attrs, operands[0]?.shape.length ?? 0)) {
    refuse(`%${node.id} ${node.op} must have its attributes, got ${printValue(node.attrs)}.`);
  }
  if (node.op === "scan") {
    const { body } = node.attrs;
    if (!hasParts(body)) refuse(`%${node.id} scan must have a graph as its body, got ${printValue(body)}.`);
    verifyNodes(body, refuse);
  }
  const { shape, dtype } = inferType(node.op, operands, node.attrs);
  if (dtype !== node.dtype || !sameShape(shape, node.shape)) {
    refuse(
      `%${node.id} ${node.op} must have type ${dtype}${formatShape(shape)}, got ${node.dtype}${formatShape(node.shape)}.`,
    );
  }
  return node;
}

/** True for what has the parts of a node. */
export function isNode(value: unknown): value is Node {
  if (!isObject(value)) return false;
  const { op, inputs, shape, dtype } = value;
  return (
    typeof op === "string" && Object.hasOwn(opTable, op) && Array.isArray(inputs) && isShape(shape) && isDType(dtype)
  );
}

function verifySymbols(graph: Graph, refuse: (what: string) => never): void {
  const inputs = graph.nodes.flatMap((node) => (node.op === "input" ? node.shape : []));
  const bound = new Set(inputs.flatMap(symbolsOf));
  for (const node of graph.nodes) {
    for (const symbol of [...node.shape, ...dimsOf(node)].flatMap(symbolsOf)) {
      if (!bound.has(symbol))
        refuse(`%${node.id} ${node.op} must use dimensions of the inputs, got the unknown ${cut(symbol)}.`);
    }
  }
}

/** The dimensions of a node that its shape need not tell. */
function dimsOf(node: Node): readonly Dim[] {
  switch (node.op) {
    case "dimSize":
      return node.attrs.dims;
    case "slice":
    case "pad":
      return [node.attrs.start];
    case "scan":
      return [node.attrs.length];
    default:
      return [];
  }
}
