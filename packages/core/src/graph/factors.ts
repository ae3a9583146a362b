import type { OpAttributes, OpName } from "../ops/types.js";
import { sameShape } from "../tensor/dims.js";
import type { GraphBuilder } from "./builder.js";
import type { Node } from "./graph.js";

// A number that multiplies every element, as a mean brings, is multiplied in once, last, and takes signs with it. Such numbers are
// made of constants and sizes alone: finite and not 0 unless there are no elements.

/** `-(x·s) = x·(-s)` for the smaller s, unless x·s itself is wanted too and s is no number. */
export function negateFactor(b: GraphBuilder, id: number, isUsedOnce: boolean): number | undefined {
  const product = b.node(id);
  const parts = product.op === "mul" ? partsOf(b, product) : undefined;
  if (parts === undefined) return undefined;
  const isFree = isUsedOnce || isFactor(b, parts.factor) || negated(b, parts.factor) !== undefined;
  if (!isFree) return undefined;
  return multiply(b, parts.whole, negative(b, parts.factor));
}

/** `-x / y = -(x / y)`, and the same for what keeps a sign otherwise: signs meet further down and cancel. */
export function negateLater(b: GraphBuilder, node: Node, inputs: readonly number[]): number | undefined {
  const [first = -1, second, third = -1] = inputs;
  if (node.op === "where") return negateChoice(b, first, second ?? -1, third);
  // The sum over no elements is 0 and shall not become -0, at least where it is a result.
  const isInner = node.op === "reduceSum" && node.attrs.keepdims;
  const x = node.op === "div" || node.op === "unsqueeze" || isInner ? negated(b, first) : undefined;
  if (x === undefined) return undefined;
  const rest = second === undefined ? [x] : [x, second];
  return b.add("neg", [b.add(node.op, rest, node.attrs as OpAttributes[OpName])], {});
}

function negateChoice(b: GraphBuilder, condition: number, yes: number, no: number): number | undefined {
  const [x, y] = [yes, no].map((id) => {
    const node = b.node(id);
    return node.op === "constant" ? b.constant(-node.attrs.value, node.dtype) : negated(b, id);
  });
  // Two numbers have no sign to give away.
  if (x === undefined || y === undefined || [yes, no].every((id) => b.node(id).op === "constant")) return undefined;
  return b.add("neg", [b.add("where", [condition, x, y], {})], {});
}

/** Sums and products of products with such numbers. */
export function collectFactors(
  b: GraphBuilder,
  node: Node,
  x: number,
  y: number,
  isUsedOnce: (operand: number) => boolean,
): number | undefined {
  if (node.shape.length === 0) return undefined;
  switch (node.op) {
    case "mul":
      return productOfScaled(b, x, y) ?? productOfScaled(b, y, x);
    case "add":
    case "sub":
      return sumOfScaled(b, node, x, y, isUsedOnce) ?? sumOfNegated(b, node, x, y);
    default:
      return undefined;
  }
}

/** `(x·s)·t = x·(s·t)` for scalars, and `(x·s)·y = (x·y)·s` where x·y is there already. */
function productOfScaled(b: GraphBuilder, scaled: number, other: number): number | undefined {
  const found = scaledBy(b, scaled);
  if (found === undefined) return undefined;
  const { whole, factor } = found;
  if (b.type(other).shape.length === 0) return multiply(b, whole, b.add("mul", [factor, other], {}));
  const known = b.find("mul", [whole, other], {}) ?? b.find("mul", [other, whole], {});
  return known === undefined ? undefined : multiply(b, known, factor);
}

/** `x·s ± y·s = (x ± y)·s`, and with `where(c, s, 0)` as what s does to a mask. */
function sumOfScaled(
  b: GraphBuilder,
  node: Node,
  x: number,
  y: number,
  isUsedOnce: (operand: number) => boolean,
): number | undefined {
  if (!isUsedOnce(1) || ![x, y].every((id) => sameShape(b.type(id).shape, node.shape))) return undefined;
  const right = scaledBy(b, y);
  if (right === undefined) return undefined;
  const left = isUsedOnce(0) ? scaledBy(b, x) : undefined;
  if (left?.factor === right.factor && (node.op === "add" || node.op === "sub")) {
    return multiply(b, b.add(node.op, [left.whole, right.whole], {}), right.factor);
  }
  const mask = unscaledMask(b, x, right.factor);
  if (mask === undefined || node.op !== "sub") return undefined;
  return multiply(b, b.add("sub", [right.whole, mask], {}), negative(b, right.factor));
}

/** `x + y·s = x - y·(-s)` where y·(-s) is there already, and `-x - y·(-s) = y·s - x`. */
function sumOfNegated(b: GraphBuilder, node: Node, x: number, y: number): number | undefined {
  const product = b.node(y);
  const parts = node.op === "sub" && product.op === "mul" ? partsOf(b, product) : undefined;
  const [less, factor] = [negated(b, x), parts && negated(b, parts.factor)];
  if (less !== undefined && parts !== undefined && factor !== undefined) {
    return b.add("sub", [multiply(b, parts.whole, factor), less], {});
  }
  const right = negatedProduct(b, y);
  if (right !== undefined) return b.add(node.op === "add" ? "sub" : "add", [x, right], {});
  const left = node.op === "add" ? negatedProduct(b, x) : undefined;
  return left === undefined ? undefined : b.add("sub", [y, left], {});
}

function negatedProduct(b: GraphBuilder, id: number): number | undefined {
  const product = b.node(id);
  const parts = product.op === "mul" ? partsOf(b, product) : undefined;
  const turned = parts && (negated(b, parts.factor) ?? b.find("neg", [parts.factor], {}));
  if (parts === undefined || turned === undefined) return undefined;
  return b.find("mul", [parts.whole, turned], {}) ?? b.find("mul", [turned, parts.whole], {});
}

/** A product as a whole tensor and a smaller factor. */
function partsOf(b: GraphBuilder, product: Node): Scaled | undefined {
  const [x = -1, y = -1] = product.inputs;
  const isWhole = (id: number): boolean => sameShape(b.type(id).shape, product.shape);
  if (isWhole(x) === isWhole(y)) return undefined;
  return isWhole(x) ? { whole: x, factor: y } : { whole: y, factor: x };
}

function negated(b: GraphBuilder, id: number): number | undefined {
  const node = b.node(id);
  return node.op === "neg" ? node.inputs[0] : undefined;
}

function negative(b: GraphBuilder, id: number): number {
  return negated(b, id) ?? b.add("neg", [id], {});
}

function isZero(b: GraphBuilder, id: number): boolean {
  const node = b.node(id);
  return node.op === "constant" && node.attrs.value === 0;
}

interface Scaled {
  readonly whole: number;
  readonly factor: number;
}

function scaledBy(b: GraphBuilder, id: number): Scaled | undefined {
  const product = b.node(id);
  if (product.op !== "mul") return undefined;
  const [x = -1, y = -1] = product.inputs;
  if (isFactor(b, y) && !isFactor(b, x)) return { whole: x, factor: y };
  return isFactor(b, x) && !isFactor(b, y) ? { whole: y, factor: x } : undefined;
}

/** A scalar of constants and sizes. */
function isFactor(b: GraphBuilder, id: number): boolean {
  const node = b.node(id);
  if (node.shape.length > 0) return false;
  if (node.op === "constant") return Number.isFinite(node.attrs.value) && node.attrs.value !== 0;
  if (node.op === "mul" || node.op === "div" || node.op === "neg")
    return node.inputs.every((input) => isFactor(b, input));
  return node.op === "dimSize";
}

function unscaledMask(b: GraphBuilder, id: number, factor: number): number | undefined {
  const node = b.node(id);
  const [condition = -1, yes, no = -1] = node.inputs;
  if (node.op !== "where" || yes !== factor || !isZero(b, no)) return undefined;
  return b.add("where", [condition, b.constant(1, node.dtype), no], {});
}

/** The larger operand first, so that equal products are one node. */
function multiply(b: GraphBuilder, whole: number, part: number): number {
  return b.find("mul", [part, whole], {}) ?? b.add("mul", [whole, part], {});
}
