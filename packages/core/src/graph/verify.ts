import { LossesError } from "../errors.js";
import type { TensorType } from "../ops/types.js";
import { symbolsOf } from "../tensor/dimArithmetic.js";
import { formatShape, sameShape } from "../tensor/dims.js";
import { inferType } from "./builder.js";
import { graphSymbols, typeOf, type Graph, type Node } from "./graph.js";

/** Checks that a graph is well formed: order, arity, the stored type of every node, outputs and symbols. Throws if not. */
export function verify(graph: Graph): void {
  const refuse = (what: string): never => {
    throw new LossesError("INVALID_GRAPH", `graph ${graph.name}: ${what}`);
  };
  const names = new Set<string>();
  graph.nodes.forEach((node, position) => {
    if (node.id !== position) refuse(`node at ${position} must have that id, got %${node.id}.`);
    if (node.op === "input") {
      if (names.has(node.attrs.name)) refuse(`input names must be unique, got ${node.attrs.name} twice.`);
      names.add(node.attrs.name);
    }
    verifyNode(graph, node, refuse);
  });
  if (graph.outputs.length === 0) refuse("there must be an output, got none.");
  if (new Set(graph.outputs.map((output) => output.name)).size < graph.outputs.length) {
    refuse("output names must be unique.");
  }
  for (const { name, node } of graph.outputs) {
    if (graph.nodes[node] === undefined) refuse(`output ${name} must name a node, got %${node}.`);
  }
  verifySymbols(graph, refuse);
}

function verifyNode(graph: Graph, node: Node, refuse: (what: string) => never): void {
  const operands = node.inputs.map((id): TensorType => {
    const operand = graph.nodes[id];
    if (operand === undefined || id >= node.id) return refuse(`%${node.id} must use earlier nodes, got %${id}.`);
    return typeOf(operand);
  });
  const { shape, dtype } = inferType(node.op, operands, node.attrs);
  if (dtype !== node.dtype || !sameShape(shape, node.shape)) {
    refuse(
      `%${node.id} ${node.op} must have type ${dtype}${formatShape(shape)}, got ${node.dtype}${formatShape(node.shape)}.`,
    );
  }
}

function verifySymbols(graph: Graph, refuse: (what: string) => never): void {
  const bound = new Set(graphSymbols(graph));
  for (const node of graph.nodes) {
    const dims = node.op === "dimSize" ? node.attrs.dims : node.shape;
    for (const symbol of dims.flatMap(symbolsOf)) {
      if (!bound.has(symbol))
        refuse(`%${node.id} ${node.op} must use dimensions of the inputs, got the unknown ${symbol}.`);
    }
  }
}
