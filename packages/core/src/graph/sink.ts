import type { OpAttributes, OpName } from "../ops/types.js";
import { sameShape } from "../tensor/dims.js";
import type { GraphBuilder } from "./builder.js";
import type { Node, NodeOf } from "./graph.js";
import { pickOf } from "./oneHot.js";

// What only repeats elements moves towards the outputs: ops before it see fewer of them.

/** `f(expand x, expand y) = expand f(x, y)` where that is smaller. */
export function expandAfter(b: GraphBuilder, node: Node, inputs: readonly number[]): number | undefined {
  const sources = inputs.map((id) => {
    const operand = b.node(id);
    return operand.op === "expand" ? withoutLeadingOnes(b, operand.inputs[0] ?? id) : id;
  });
  if (sources.every((id, i) => id === inputs[i])) return undefined;
  const inner = b.add(node.op, sources, node.attrs as OpAttributes[OpName]);
  return sameShape(b.type(inner).shape, node.shape) ? inner : b.add("expand", [inner], { shape: node.shape });
}

/** Along an axis of a square the diagonal mask is true once: what it leaves of something constant along it is that. */
export function sumOfDiagonal(b: GraphBuilder, node: NodeOf<"reduceSum">, input: number): number | undefined {
  const found = pickOf({ name: "", nodes: b.nodes, outputs: [] }, { ...node, inputs: [input] });
  if (!found?.isConstant) return undefined;
  const index = b.node(found.index);
  const line = index.op === "unsqueeze" ? b.node(index.inputs[0] ?? -1) : index;
  if (line.op !== "iota" || line.attrs.size !== found.shape[found.axis]) return undefined;
  const { shape } = found.from;
  // Other shapes need more ops than they save.
  if (shape.length === 0) return b.add("expand", [found.from.id], { shape: node.shape });
  return sameShape(shape, node.shape) ? found.from.id : undefined;
}

/** The source of axes of size 1 in front of it, which broadcasting puts there anyway. */
export function withoutLeadingOnes(b: GraphBuilder, id: number): number {
  const node = b.node(id);
  return node.op === "unsqueeze" && node.attrs.axes.every((axis, i) => axis === i) ? (node.inputs[0] ?? id) : id;
}
