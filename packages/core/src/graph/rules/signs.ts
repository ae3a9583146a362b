import type { GraphBuilder } from "../builder.js";
import { operandAt } from "../graph.js";
import { multiply, negated, negative, partsOf } from "./products.js";
import { rule, type Reader, type Rule, type Site } from "./rule.js";

/** A sign moves to where it costs least or meets another: that changes no result. */
export const signs: readonly Rule[] = [
  rule("the sign of a product goes to its smaller factor", ["neg"], negateFactor),
  rule("signs go further down", ["div", "where", "unsqueeze", "reduceSum"], negateLater),
  rule("the signs of a sum and of its product cancel", ["add", "sub"], sumOfNegated),
];

/** `-(x·s) = x·(-s)` for the smaller s, unless x·s itself is wanted too and s is no number. */
function negateFactor({ b, inputs: [x], isUsedOnce }: Site<"neg">): number | undefined {
  const product = b.node(x);
  const parts = product.op === "mul" ? partsOf(b, product) : undefined;
  if (parts === undefined) return undefined;
  const isFree = isUsedOnce(0) || isNumber(b, parts.factor) || negated(b, parts.factor) !== undefined;
  return isFree ? multiply(b, parts.whole, negative(b, parts.factor)) : undefined;
}

/** `-x / y = -(x / y)`, and the same for what keeps a sign otherwise: signs meet further down and cancel. */
function negateLater({ b, node, inputs }: Site<"div" | "where" | "unsqueeze" | "reduceSum">): number | undefined {
  if (node.op === "where") return negateChoice(b, inputs);
  const [first, second] = inputs;
  // The sum over no elements is 0 and shall not become -0, at least where it is a result.
  const isInner = node.op === "reduceSum" && node.attrs.keepdims;
  const x = node.op === "div" || node.op === "unsqueeze" || isInner ? negated(b, first) : undefined;
  if (x === undefined) return undefined;
  return b.add("neg", [b.again(node, second === undefined ? [x] : [x, second])], {});
}

function negateChoice(b: GraphBuilder, operands: readonly number[]): number | undefined {
  const [condition, yes, no] = [operandAt(operands, 0), operandAt(operands, 1), operandAt(operands, 2)];
  const [x, y] = [yes, no].map((id) => {
    const node = b.node(id);
    return node.op === "constant" ? b.constant(-node.attrs.value, node.dtype) : negated(b, id);
  });
  // Two numbers have no sign to give away.
  if (x === undefined || y === undefined || [yes, no].every((id) => b.node(id).op === "constant")) return undefined;
  return b.add("neg", [b.add("where", [condition, x, y], {})], {});
}

/** `x + y·s = x - y·(-s)` where y·(-s) is there already, and `-x - y·(-s) = y·s - x`. */
function sumOfNegated({ b, node, inputs: [x, y], readersOf }: Site<"add" | "sub">): number | undefined {
  if (node.shape.length === 0) return undefined;
  const product = b.node(y);
  const parts = node.op === "sub" && product.op === "mul" ? partsOf(b, product) : undefined;
  const [less, factor] = [negated(b, x) ?? negatedInside(b, x), parts && negated(b, parts.factor)];
  if (less !== undefined && parts !== undefined && factor !== undefined) {
    return b.add("sub", [multiply(b, parts.whole, factor), less], {});
  }
  const right = negatedProduct(b, y, readersOf);
  if (right !== undefined) return b.add(node.op === "add" ? "sub" : "add", [x, right], {});
  const left = node.op === "add" ? negatedProduct(b, x, readersOf) : undefined;
  return left === undefined ? undefined : b.add("sub", [y, left], {});
}

/**
 * y·(-s) of y·s, which then nothing reads any more. Where sums alone read either, they go to the earlier one: each to the other would
 * be back and forth without end.
 */
function negatedProduct(b: GraphBuilder, id: number, readersOf: Site<"add">["readersOf"]): number | undefined {
  const product = b.node(id);
  const parts = product.op === "mul" ? partsOf(b, product) : undefined;
  const turned = parts && (negated(b, parts.factor) ?? b.find("neg", [parts.factor], {}));
  if (parts === undefined || turned === undefined) return undefined;
  const found = b.find("mul", [parts.whole, turned], {}) ?? b.find("mul", [turned, parts.whole], {});
  if (found === undefined || !readersOf(id).every(isSum)) return undefined;
  return found < id || !readersOf(found).every(isSum) ? found : undefined;
}

/** Sums can take the opposite of an operand just as well. */
function isSum({ op, operand }: Reader): boolean {
  return op === "add" || (op === "sub" && operand === 1);
}

/** S for -S, where that is -x added at positions. */
function negatedInside(b: GraphBuilder, id: number): number | undefined {
  const node = b.node(id);
  if (node.op !== "scatterAdd") return undefined;
  const x = negated(b, node.inputs[0]);
  return x === undefined ? undefined : b.again(node, [x, node.inputs[1]]);
}

/** A scalar of constants and sizes. */
function isNumber(b: GraphBuilder, id: number): boolean {
  const node = b.node(id);
  if (node.shape.length > 0) return false;
  if (node.op === "constant") return Number.isFinite(node.attrs.value) && node.attrs.value !== 0;
  if (node.op === "mul" || node.op === "div" || node.op === "neg") {
    return node.inputs.every((input) => isNumber(b, input));
  }
  return node.op === "dimSize";
}
