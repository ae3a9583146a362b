import { sameShape } from "../tensor/dims.js";
import type { GraphBuilder } from "./builder.js";
import type { NodeOf } from "./graph.js";

/** `where(not c, x, y) = where(c, y, x)`, and a choice by the same condition inside a choice is made already. */
export function rewriteWhere(b: GraphBuilder, node: NodeOf<"where">, inputs: readonly number[]): number {
  const [condition = -1, yes = -1, no = -1] = inputs;
  const c = b.node(condition);
  if (c.op === "not") return rewriteWhere(b, node, [c.inputs[0] ?? condition, no, yes]);
  const isWhole = sameShape(c.shape, node.shape);
  /** What is left of an operand that is a choice by the same condition itself. */
  const left = (operand: number, branch: 1 | 2): number => {
    const inner = b.node(operand);
    if (inner.op !== "where" || inner.inputs[0] !== condition) return operand;
    const taken = inner.inputs[branch] ?? operand;
    return isWhole || sameShape(b.type(taken).shape, inner.shape) ? taken : operand;
  };
  return b.add("where", [condition, left(yes, 1), left(no, 2)], node.attrs);
}

/** A condition's opposite as a number, without the opposite. */
export function castOfNot(b: GraphBuilder, node: NodeOf<"cast">, operand: number): number | undefined {
  const c = b.node(operand);
  const condition = c.op === "not" ? c.inputs[0] : undefined;
  if (condition === undefined) return undefined;
  return b.add("where", [condition, b.constant(0, node.dtype), b.constant(1, node.dtype)], {});
}
