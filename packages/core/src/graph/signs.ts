import { opDefinition } from "../ops/table.js";
import type { OpName, SignRule } from "../ops/types.js";
import type { Graph } from "./graph.js";

/** For every node, whether its elements are never below 0 (they may be NaN), in any arithmetic. */
export function nonNegativeNodes(graph: Graph): readonly boolean[] {
  const known: boolean[] = [];
  for (const { op, inputs, attrs } of graph.nodes) {
    const { isNonNegative } = opDefinition(op) as { readonly isNonNegative: SignRule<OpName> };
    const operands = inputs.map((id) => known[id] === true);
    known.push(isNonNegative(operands as never, attrs as never, inputs as never));
  }
  return known;
}
