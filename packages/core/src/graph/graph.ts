import type { Shape } from "../tensor/dims.js";
import type { DType } from "../tensor/dtype.js";
import type { OpAttributes, OpName, TensorType } from "../ops/types.js";

/** One application of one op. `id` is the position in `Graph.nodes`; operands come before their users. */
export type Node = {
  readonly [K in OpName]: {
    readonly id: number;
    readonly op: K;
    readonly inputs: readonly number[];
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
  if (node === undefined) throw new RangeError(`graph ${graph.name} has no node %${id}`);
  return node;
}

/** The input nodes in the order in which they are fed. */
export function graphInputs(graph: Graph): readonly NodeOf<"input">[] {
  return graph.nodes.filter((node) => node.op === "input");
}

export function typeOf(node: Node): TensorType {
  return { shape: node.shape, dtype: node.dtype };
}

/** Every symbol that occurs in the shapes of the graph's inputs. */
export function graphSymbols(graph: Graph): readonly string[] {
  const symbols = new Set<string>();
  for (const input of graphInputs(graph)) {
    for (const dim of input.shape) if (typeof dim === "string") symbols.add(dim);
  }
  return [...symbols];
}
