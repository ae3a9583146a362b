import { LossesError } from "../errors.js";
import type { Shape } from "../tensor/dims.js";
import type { DType } from "../tensor/dtype.js";
import type { OpAttributes, OpName, Operands, TensorType } from "../ops/types.js";
import { symbolsOf } from "../tensor/dimArithmetic.js";

/** One application of one op. `id` is the position in `Graph.nodes`; operands come before their users. */
export type Node = {
  readonly [K in OpName]: {
    readonly id: number;
    readonly op: K;
    readonly inputs: Operands<number, K>;
    readonly attrs: OpAttributes[K];
    readonly shape: Shape;
    readonly dtype: DType;
  };
}[OpName];

/** The node of one particular op. */
export type NodeOf<K extends OpName> = Extract<Node, { readonly op: K }>;

export interface GraphOutput {
  readonly name: string;
  readonly node: number;
}

/**
 * An immutable program in single-assignment form: plain data that any backend compiles.
 *
 * Its inputs are the nodes with op `input`. Dimensions may be symbols, so one graph serves every batch size.
 */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly outputs: readonly GraphOutput[];
}

export function nodeAt(graph: Graph, id: number): Node {
  const node = graph.nodes[id];
  if (node !== undefined) return node;
  throw new LossesError("INVALID_GRAPH", `graph ${graph.name}: %${id} must be a node, got none.`);
}

/** One of the operands of a node, or of what stands for them. */
export function operandAt<T>(operands: readonly T[], index: number): T {
  const found = operands[index];
  if (found !== undefined) return found;
  throw new LossesError("INVALID_GRAPH", `operand ${index} must be one of ${operands.length}, got none.`);
}

/** The node that an operand of another is. */
export function operandNode(graph: Graph, node: Node, index: number): Node {
  return nodeAt(graph, operandAt<number>(node.inputs, index));
}

/** What a node is called where nodes have got other numbers: all that are asked for have one. */
export function movedTo(numbers: ReadonlyMap<number, number> | readonly number[], id: number): number {
  const found = "get" in numbers ? numbers.get(id) : numbers[id];
  if (found !== undefined) return found;
  throw new LossesError("INVALID_GRAPH", `%${id} must come before what reads it, got no such node.`);
}

/** The input nodes in the order in which they are fed. */
export function graphInputs(graph: Graph): readonly NodeOf<"input">[] {
  return graph.nodes.filter((node) => node.op === "input");
}

/** The nodes that outputs need. */
export function liveNodes(graph: Graph): ReadonlySet<number> {
  const live = new Set(graph.outputs.map(({ node }) => node));
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (live.has(id)) for (const input of nodeAt(graph, id).inputs) live.add(input);
  }
  return live;
}

/** How many nodes and outputs read each node; of nodes, those that outputs need. */
export function countUses(graph: Graph, live: ReadonlySet<number> = liveNodes(graph)): ReadonlyMap<number, number> {
  const uses = new Map<number, number>();
  const users = graph.nodes.filter((node) => live.has(node.id)).flatMap((node) => node.inputs);
  for (const id of [...users, ...graph.outputs.map(({ node }) => node)]) uses.set(id, (uses.get(id) ?? 0) + 1);
  return uses;
}

export function typeOf(node: Node): TensorType {
  return { shape: node.shape, dtype: node.dtype };
}

/** Every symbol that occurs in the shapes of the graph's inputs. */
export function graphSymbols(graph: Graph): readonly string[] {
  const symbols = new Set<string>();
  for (const input of graphInputs(graph)) {
    for (const dim of input.shape) for (const symbol of symbolsOf(dim)) symbols.add(symbol);
  }
  return [...symbols];
}
