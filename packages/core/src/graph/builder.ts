import { LossesError } from "../errors.js";
import { opDefinition } from "../ops/table.js";
import type { HeldNumbers, OpAttributes, OpName, Operands, TensorType } from "../ops/types.js";
import type { DType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/dims.js";
import { hasAttributes } from "./attributes.js";
import { typeOf, type Graph, type Node } from "./graph.js";
import { bodyNumber } from "./scanBody.js";

/** Appends nodes, one per distinct computation: asking twice for the same op on the same operands gives the same node. */
export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly #known = new Map<string, number>();

  node(id: number): Node {
    const node = this.nodes[id];
    if (node === undefined) throw new LossesError("INVALID_GRAPH", `graph: node %${id} must exist, got none.`);
    return node;
  }

  type(id: number): TensorType {
    return typeOf(this.node(id));
  }

  /** The node that computes this already. */
  find<K extends OpName>(op: K, inputs: Operands<number, K>, attrs: OpAttributes[K]): number | undefined {
    return op === "identity" ? undefined : this.#known.get(keyOf(op, inputs, attrs));
  }

  /** Adds a node (or finds its twin) and returns its id. */
  add<K extends OpName>(op: K, inputs: Operands<number, K>, attrs: OpAttributes[K]): number {
    if (!hasAttributes(op, attrs, inputs[0] === undefined ? 0 : this.type(inputs[0]).shape.length)) {
      throw new LossesError("INVALID_GRAPH", `${op}: the attributes must be those of the op, got others.`);
    }
    const key = op === "identity" ? undefined : keyOf(op, inputs, attrs);
    const twin = key === undefined ? undefined : this.#known.get(key);
    if (twin !== undefined) return twin;
    const { shape, dtype } = inferType(
      op,
      inputs.map((id) => this.type(id)),
      attrs,
    );
    const id = this.nodes.length;
    this.nodes.push({ id, op, inputs, attrs, shape, dtype } as Node);
    if (key !== undefined) this.#known.set(key, id);
    return id;
  }

  /** The same op with the same attributes on other operands. */
  again(node: Node, inputs: readonly number[]): number {
    return this.add(node.op, inputs as Operands<number, OpName>, node.attrs);
  }

  /** True for the node that `again` would give. */
  isAgain(id: number, node: Node, inputs: readonly number[]): boolean {
    return this.find(node.op, inputs as Operands<number, OpName>, node.attrs) === id;
  }

  constant(value: number, dtype: DType): number {
    return this.add("constant", [], { value, dtype });
  }

  input(name: string, shape: Shape, dtype: DType, held: HeldNumbers = {}): number {
    return this.add("input", [], { name, shape, dtype, ...held });
  }

  /** The finished graph; nodes that no output needs are still in it until it is simplified. */
  finish(name: string, outputs: Readonly<Record<string, number>>): Graph {
    return {
      name,
      nodes: [...this.nodes],
      outputs: Object.entries(outputs).map(([key, node]) => ({ name: key, node })),
    };
  }
}

/** Shape and dtype of an op's result; throws what the op's rule throws, and `INVALID_GRAPH` for a wrong number of operands. */
export function inferType(op: OpName, inputs: readonly TensorType[], attrs: unknown): TensorType {
  const { arity, infer } = opDefinition(op);
  if (arity !== "any" && inputs.length !== arity) {
    throw new LossesError("INVALID_GRAPH", `${op}: must have ${arity} operands, got ${inputs.length}.`);
  }
  return (infer as (inputs: readonly TensorType[], attrs: unknown) => TensorType)(inputs, attrs);
}

function keyOf(op: OpName, inputs: readonly number[], attrs: unknown): string {
  return `${op}(${inputs.join()})${JSON.stringify(attrs, jsonNumber)}`;
}

// JSON has no NaN, infinities or -0, and two constants that differ only in those must not be taken for twins. A body is itself.
function jsonNumber(key: string, value: unknown): unknown {
  if (key === "body") return bodyNumber(value as Graph);
  return typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
    ? `#${Object.is(value, -0) ? "-0" : value}`
    : value;
}
