import { sameShape } from "../../tensor/dims.js";
import { rule, type Rule, type Site } from "./rule.js";

/** What is left of an operand of a choice that is a choice by the same condition itself. */
function chosen({ b, inputs: [condition] }: Site<"where">, isWhole: boolean, operand: number, branch: 1 | 2): number {
  const inner = b.node(operand);
  if (inner.op !== "where" || inner.inputs[0] !== condition) return operand;
  const taken = inner.inputs[branch];
  return isWhole || sameShape(b.type(taken).shape, inner.shape) ? taken : operand;
}

export const whereRules: readonly Rule[] = [
  rule("where(not c, x, y) = where(c, y, x)", ["where"], ({ b, node, inputs: [condition, yes, no] }) => {
    const c = b.node(condition);
    return c.op === "not" ? b.again(node, [c.inputs[0], no, yes]) : undefined;
  }),
  rule("a choice in a choice is made already", ["where"], (site) => {
    const { b, node, inputs } = site;
    const [condition, yes, no] = inputs;
    const isWhole = sameShape(b.type(condition).shape, node.shape);
    const [left, right] = [chosen(site, isWhole, yes, 1), chosen(site, isWhole, no, 2)];
    return left === yes && right === no ? undefined : b.again(node, [condition, left, right]);
  }),
  rule("the opposite as a number", ["cast"], ({ b, node, inputs: [x] }) => {
    const c = b.node(x);
    if (c.op !== "not") return undefined;
    return b.add("where", [c.inputs[0], b.constant(0, node.dtype), b.constant(1, node.dtype)], {});
  }),
];
