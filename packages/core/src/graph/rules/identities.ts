import { sameShape, type Shape } from "../../tensor/dims.js";
import type { GraphBuilder } from "../builder.js";
import { numberOf } from "./constants.js";
import { rule, type Rule } from "./rule.js";

interface BinarySite {
  readonly b: GraphBuilder;
  readonly node: { readonly shape: Shape };
  readonly inputs: readonly [number, number];
}

/** One operand where the other is this number and changes nothing, and the result is of its shape. */
function neutral({ b, node, inputs: [x, y] }: BinarySite, number: number, sides: "both" | "right"): number | undefined {
  const fits = (id: number): boolean => sameShape(b.type(id).shape, node.shape);
  if (numberOf(b, y) === number && fits(x)) return x;
  return sides === "both" && numberOf(b, x) === number && fits(y) ? y : undefined;
}

/** Ops that give an operand as it is, or its opposite. Never `x · 0`, which is NaN for some x. */
export const identities: readonly Rule[] = [
  rule("x", ["identity"], ({ inputs: [x] }) => x),
  rule("x + 0 = x", ["add"], (site) => neutral(site, 0, "both")),
  rule("x - 0 = x", ["sub"], (site) => neutral(site, 0, "right")),
  rule("x · 1 = x", ["mul"], (site) => neutral(site, 1, "both")),
  rule("x / 1 = x", ["div"], (site) => neutral(site, 1, "right")),
  rule("x^1 = x", ["pow"], (site) => neutral(site, 1, "right")),
  rule("x^2 = x · x", ["pow"], ({ b, inputs: [x, y] }) =>
    numberOf(b, y) === 2 ? b.add("mul", [x, x], {}) : undefined,
  ),
  rule("0 - x = -x", ["sub"], ({ b, node, inputs: [x, y] }) =>
    numberOf(b, x) === 0 && sameShape(b.type(y).shape, node.shape) ? b.add("neg", [y], {}) : undefined,
  ),
  rule("x · -1 = -x", ["mul"], (site) => {
    const opposite = neutral(site, -1, "both");
    return opposite === undefined ? undefined : site.b.add("neg", [opposite], {});
  }),
  rule("y + x = x + y, y · x = x · y", ["add", "mul"], ({ b, node, inputs: [x, y] }) => b.find(node.op, [y, x], {})),
  rule("--x = x", ["neg"], ({ b, inputs: [x] }) => {
    const operand = b.node(x);
    return operand.op === "neg" ? operand.inputs[0] : undefined;
  }),
  rule("not not x = x", ["not"], ({ b, inputs: [x] }) => {
    const operand = b.node(x);
    return operand.op === "not" ? operand.inputs[0] : undefined;
  }),
  rule("e^(log softmax x) = softmax x", ["exp"], ({ b, inputs: [x] }) => {
    const operand = b.node(x);
    return operand.op === "logSoftmax" ? b.add("softmax", operand.inputs, operand.attrs) : undefined;
  }),
];
