import { sameShape, type Shape } from "../../tensor/dims.js";
import type { GraphBuilder } from "../builder.js";
import { operandAt, type NodeOf } from "../graph.js";
import { numberOf } from "./constants.js";
import { multiply, negative, type Scaled } from "./products.js";
import { rule, type Rule, type Site } from "./rule.js";

/**
 * A number that multiplies every element, as a mean brings, is multiplied in once where both orders are known to stay in range, for
 * numbers up to 1 and tensors that are small whatever the graph is fed: products and sums of unknown numbers are left as they are, for
 * x·s + y·s may be finite where x + y is not, and (x·s)·y where x·y is not.
 */
export const shares: readonly Rule[] = [
  rule("x · s ± y · s = (x ± y) · s", ["add", "sub"], sumOfScaled),
  rule("s at some places - x · s = (x - 1 at those places) · -s", ["sub"], maskLessScaled),
];

function sumOfScaled({ b, node, inputs: [x, y], isUsedOnce }: Site<"add" | "sub">): number | undefined {
  if (!isUsedOnce(0) || !isUsedOnce(1) || !areWhole({ b, node, inputs: [x, y] })) return undefined;
  const [left, right] = [scaledBy(b, x, node.shape), scaledBy(b, y, node.shape)];
  if (left === undefined || left.factor !== right?.factor) return undefined;
  return multiply(b, b.add(node.op, [left.whole, right.whole], {}), right.factor);
}

/** The gradient of a cross-entropy, `softmax - one-hot`, of which each sample has its share. */
function maskLessScaled({ b, node, inputs: [x, y], isUsedOnce }: Site<"sub">): number | undefined {
  if (!isUsedOnce(1) || !areWhole({ b, node, inputs: [x, y] })) return undefined;
  const right = scaledBy(b, y, node.shape);
  const mask = right && unscaledMask(b, x, right.factor);
  if (right === undefined || mask === undefined) return undefined;
  return multiply(b, b.add("sub", [right.whole, mask], {}), negative(b, right.factor));
}

function areWhole({ b, node, inputs }: Pick<Site<"add" | "sub">, "b" | "node" | "inputs">): boolean {
  return node.shape.length > 0 && inputs.every((id) => sameShape(b.type(id).shape, node.shape));
}

/** A product of small numbers with a share of 1. */
function scaledBy(b: GraphBuilder, id: number, shape: Shape): Scaled | undefined {
  const product = b.node(id);
  if (product.op !== "mul") return undefined;
  const [x, y] = product.inputs;
  const parts = [
    { whole: x, factor: y },
    { whole: y, factor: x },
  ];
  return parts.find(({ whole, factor }) => isShare(b, factor, shape) && isSmall(b, whole));
}

/** The mask that a number was put into: at positions, or by a condition. */
function unscaledMask(b: GraphBuilder, id: number, factor: number): number | undefined {
  const node = b.node(id);
  if (node.op === "scatterAdd") {
    const [updates, index] = node.inputs;
    const given = b.node(updates);
    if (given.op !== "expand" || given.inputs[0] !== factor || !hasLines(b, node)) return undefined;
    const ones = b.add("expand", [b.constant(1, node.dtype)], given.attrs);
    return b.add("scatterAdd", [ones, index], node.attrs);
  }
  if (node.op !== "where") return undefined;
  const [condition, yes, no] = node.inputs;
  if (yes !== factor || numberOf(b, no) !== 0) return undefined;
  return b.add("where", [condition, b.constant(1, node.dtype), no], {});
}

/** Numbers up to which sums are far from the end of every dtype's range. */
const small = 256;

/** True where no element is larger, whatever the graph is fed; NaN stays NaN either way. */
function isSmall(b: GraphBuilder, id: number): boolean {
  return magnitude(b, id, 6) <= small;
}

/** The most that an element's size can be, by the ops that lead to it, `depth` of them at most. */
function magnitude(b: GraphBuilder, id: number, depth: number): number {
  const node = b.node(id);
  const of = (operand: number): number =>
    depth === 0 ? Infinity : magnitude(b, operandAt<number>(node.inputs, operand), depth - 1);
  switch (node.op) {
    case "constant":
      return Math.abs(node.attrs.value);
    case "softmax":
    case "sigmoid":
    case "sign":
      return 1;
    case "cast":
      return b.type(node.inputs[0]).dtype === "bool" ? 1 : Infinity;
    case "where":
      return Math.max(of(1), of(2));
    case "add":
    case "sub":
      return of(0) + of(1);
    case "scatterAdd":
      return hasLines(b, node) ? of(0) : Infinity;
    case "neg":
    case "squeeze":
    case "unsqueeze":
    case "expand":
    case "transpose":
      return of(0);
    default:
      return Infinity;
  }
}

/** True where each line along the axis gets one element, so that nothing is added to another. */
function hasLines(b: GraphBuilder, { attrs, inputs }: NodeOf<"scatterAdd">): boolean {
  return inputs.every((id) => b.type(id).shape[attrs.axis] === 1);
}

/** A scalar of constants and sizes, at most 1 where a tensor of this shape has elements. */
function isShare(b: GraphBuilder, id: number, shape: Shape): boolean {
  const node = b.node(id);
  if (node.shape.length > 0) return false;
  switch (node.op) {
    case "constant":
      return Math.abs(node.attrs.value) <= 1;
    case "neg":
    case "mul":
      return node.inputs.every((x) => isShare(b, x, shape));
    case "div": {
      const size = isShare(b, node.inputs[0], shape) ? b.node(node.inputs[1]) : undefined;
      if (size?.op !== "dimSize") return false;
      return size.attrs.dims.every((dim) => (typeof dim === "number" ? dim > 0 : shape.includes(dim)));
    }
    default:
      return false;
  }
}
