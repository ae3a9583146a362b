import { movedTo, type Graph, type Node } from "./graph.js";
import type { Tracer } from "./trace.js";

/** The trace that a body came from, and which of its nodes are the body's inputs and outputs. */
export interface BodySource {
  readonly tracer: Tracer;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

// A finished body no longer knows the gradients that were stated in it; its trace does.
const sources = new WeakMap<Graph, BodySource>();
const numbers = new WeakMap<Graph, number>();
let bodies = 0;

export function bodySource(body: Graph): BodySource | undefined {
  return sources.get(body);
}

/** A number for each body: the same for the same graph object. */
export function bodyNumber(body: Graph): number {
  const number = numbers.get(body) ?? ++bodies;
  numbers.set(body, number);
  return number;
}

/** The graph between some nodes of a trace: its inputs in this order, then what its outputs need of the rest. */
export function makeBody(source: BodySource): Graph {
  const { tracer, inputs, outputs } = source;
  const { builder } = tracer;
  const live = new Set(outputs);
  for (const id of [...Array(builder.nodes.length).keys()].reverse()) {
    if (live.has(id) && !inputs.includes(id)) for (const input of builder.node(id).inputs) live.add(input);
  }
  const order = [...inputs, ...builder.nodes.map(({ id }) => id).filter((id) => live.has(id) && !inputs.includes(id))];
  const moved = new Map(order.map((id, at) => [id, at]));
  const nodes = order.map((id, at): Node => {
    const { shape, dtype, ...node } = builder.node(id);
    const isInput = at < inputs.length;
    const attrs = isInput ? { name: `in${at}`, shape, dtype } : node.attrs;
    const op = isInput ? "input" : node.op;
    const operands = isInput ? [] : node.inputs.map((input) => movedTo(moved, input));
    return { id: at, op, attrs, shape, dtype, inputs: operands } as unknown as Node;
  });
  const body: Graph = {
    name: "scan",
    nodes,
    outputs: outputs.map((id, at) => ({ name: `out${at}`, node: movedTo(moved, id) })),
  };
  sources.set(body, source);
  return body;
}
