import { LossesError } from "../errors.js";
import { opDefinition } from "../ops/table.js";
import type { IndexRange, OpAttributes, OpName, TensorType } from "../ops/types.js";
import type { DType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/dims.js";
import { hasAttributes } from "./attributes.js";
import { typeOf, type Graph, type Node } from "./graph.js";

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
  find<K extends OpName>(op: K, inputs: readonly number[], attrs: OpAttributes[K]): number | undefined {
    return op === "identity" ? undefined : this.#known.get(keyOf(op, inputs, attrs));
  }

  /** Adds a node (or finds its twin) and returns its id. */
  add<K extends OpName>(op: K, inputs: readonly number[], attrs: OpAttributes[K]): number {
    if (!hasAttributes(op, attrs, this.#rankOf(inputs[0]))) {
      throw new LossesError("INVALID_GRAPH", `${op}: the attributes must be those of the op, got others.`);
    }
    const twin = this.find(op, inputs, attrs);
    if (twin !== undefined) return twin;
    const definition = opDefinition(op);
    if (inputs.length !== definition.arity) {
      throw new LossesError("INVALID_GRAPH", `${op}: takes ${definition.arity} operands, got ${inputs.length}.`);
    }
    const infer = definition.infer as (inputs: readonly TensorType[], attrs: OpAttributes[K]) => TensorType;
    const { shape, dtype } = infer(
      inputs.map((id) => this.type(id)),
      attrs,
    );
    const id = this.nodes.length;
    this.nodes.push({ id, op, inputs, attrs, shape, dtype } as Node);
    this.#known.set(keyOf(op, inputs, attrs), id);
    return id;
  }

  #rankOf(id: number | undefined): number {
    return id === undefined ? 0 : this.type(id).shape.length;
  }

  constant(value: number, dtype: DType): number {
    return this.add("constant", [], { value, dtype });
  }

  input(name: string, shape: Shape, dtype: DType, indices?: IndexRange): number {
    return this.add("input", [], { name, shape, dtype, ...(indices === undefined ? {} : { indices }) });
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

function keyOf(op: OpName, inputs: readonly number[], attrs: unknown): string {
  return `${op}(${inputs.join()})${JSON.stringify(attrs, jsonNumber)}`;
}

// JSON has no NaN, infinities or -0, and two constants that differ only in those must not be taken for twins.
function jsonNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
    ? `#${Object.is(value, -0) ? "-0" : value}`
    : value;
}
