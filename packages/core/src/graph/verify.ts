import { cut, isObject, printValue, readable } from "../arguments.js";
import { LossesError } from "../errors.js";
import { opDefinition, opTable } from "../ops/table.js";
import type { TensorType } from "../ops/types.js";
import { formatShape, sameShape } from "../tensor/dims.js";
import { hasAttributes, isDType, isShape } from "./attributes.js";
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

/** The same graph, taken for well formed. */
export function trustGraph(graph: Graph): Graph {
  wellFormed.add(graph);
  return graph;
}

function invalid(where: string, what: string): LossesError {
  return new LossesError("INVALID_GRAPH", `${where}: ${what}`);
}

/** True for data all the way down: what a getter says may change after it was looked at. */
function isData(value: unknown, depth: number = 0): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  return (
    depth < deepest &&
    Object.values(Object.getOwnPropertyDescriptors(value)).every(
      (own) => isData(own.value, depth + 1) && "value" in own,
    )
  );
}

/** Graph, nodes, node, attributes, indices, and the lists in them. */
const deepest = 6;

function verifyGraph(graph: Graph): void {
  if (!isData(graph)) throw invalid("graph", `a graph must be plain data, got ${printValue(graph)}.`);
  if (
    !isObject(graph) ||
    typeof graph.name !== "string" ||
    !Array.isArray(graph.nodes) ||
    !Array.isArray(graph.outputs)
  ) {
    throw invalid("graph", `a graph must have a name, nodes and outputs, got ${printValue(graph)}.`);
  }
  const refuse = (what: string): never => {
    throw invalid(`graph ${graph.name}`, what);
  };
  const names = new Set<string>();
  for (const [position, given] of graph.nodes.entries()) {
    const node = verifyNode(graph, given, position, refuse);
    if (node.op !== "input") continue;
    if (names.has(node.attrs.name)) refuse(`input names must be unique, got ${cut(node.attrs.name)} twice.`);
    names.add(node.attrs.name);
  }
  if (graph.outputs.length === 0) refuse("there must be an output, got none.");
  for (const output of graph.outputs as readonly unknown[]) {
    if (isObject(output) && typeof output["name"] === "string" && hasNode(graph, output["node"], graph.nodes.length))
      continue;
    refuse(`outputs must have a name and name a node, got ${printOutput(output)}.`);
  }
  if (new Set(graph.outputs.map((output) => output.name)).size < graph.outputs.length) {
    refuse("output names must be unique, got one twice.");
  }
  verifySymbols(graph, refuse);
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
  const definition = opDefinition(node.op);
  if (node.inputs.length !== definition.arity) {
    refuse(`%${node.id} ${node.op} must have ${definition.arity} operands, got ${node.inputs.length}.`);
  }
  const operands = node.inputs.map((id): TensorType => {
    const operand = hasNode(graph, id, position) ? graph.nodes[id] : undefined;
    return (
      operand ?? refuse(`%${position} must use earlier nodes, got ${Number.isInteger(id) ? `%${id}` : printValue(id)}.`)
    );
  });
  if (!hasAttributes(node.op, node.attrs, operands[0]?.shape.length ?? 0)) {
    refuse(`%${node.id} ${node.op} must have its attributes, got ${printValue(node.attrs)}.`);
  }
  const infer = definition.infer as (inputs: readonly TensorType[], attrs: unknown) => TensorType;
  const { shape, dtype } = infer(operands, node.attrs);
  if (dtype !== node.dtype || !sameShape(shape, node.shape)) {
    refuse(
      `%${node.id} ${node.op} must have type ${dtype}${formatShape(shape)}, got ${node.dtype}${formatShape(node.shape)}.`,
    );
  }
  return node;
}

function isNode(value: unknown): value is Node {
  if (!isObject(value)) return false;
  const { op, inputs, shape, dtype } = value;
  return (
    typeof op === "string" && Object.hasOwn(opTable, op) && Array.isArray(inputs) && isShape(shape) && isDType(dtype)
  );
}

function verifySymbols(graph: Graph, refuse: (what: string) => never): void {
  const bound = new Set(graph.nodes.flatMap((node) => (node.op === "input" ? node.shape : [])));
  for (const node of graph.nodes) {
    const dims = node.op === "dimSize" ? node.attrs.dims : node.shape;
    for (const dim of dims) {
      if (typeof dim === "string" && !bound.has(dim)) {
        refuse(`%${node.id} ${node.op} must use dimensions of the inputs, got the unknown ${dim}.`);
      }
    }
  }
}
