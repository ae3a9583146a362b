import type { OpAttributes, OpName } from "../ops/types.js";
import { sameShape, type Shape } from "../tensor/dims.js";
import type { GraphBuilder } from "./builder.js";
import type { Node } from "./graph.js";
import type { Reader, Site } from "./rules/rule.js";

// A sign moves to where it costs least or meets another: that changes no result. A number that multiplies every element, as a mean
// brings, is multiplied in once where both orders are known to stay in range: products and sums of unknown numbers are left as they
// are, for x·s + y·s may be finite where x + y is not, and (x·s)·y where x·y is not.

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

/** Sums of products: a number that both are multiplied by is multiplied in once, and signs cancel. */
export function collectFactors(
  b: GraphBuilder,
  node: Node,
  x: number,
  y: number,
  { isUsedOnce, readersOf }: Pick<Site<OpName>, "isUsedOnce" | "readersOf">,
): number | undefined {
  if (node.shape.length === 0 || (node.op !== "add" && node.op !== "sub")) return undefined;
  return sumOfScaled(b, node, x, y, isUsedOnce) ?? sumOfNegated(b, node, x, y, readersOf);
}

/**
 * `x·s ± y·s = (x ± y)·s`, and with `where(c, s, 0)` as what s does to a mask, for |s| ≤ 1 and x and y that are small whatever the
 * graph is fed (shares, masks).
 */
function sumOfScaled(
  b: GraphBuilder,
  node: Node,
  x: number,
  y: number,
  isUsedOnce: (operand: number) => boolean,
): number | undefined {
  if (!isUsedOnce(1) || ![x, y].every((id) => sameShape(b.type(id).shape, node.shape))) return undefined;
  const right = scaledBy(b, y, node.shape);
  if (right === undefined) return undefined;
  const left = isUsedOnce(0) ? scaledBy(b, x, node.shape) : undefined;
  if (left?.factor === right.factor && (node.op === "add" || node.op === "sub")) {
    return multiply(b, b.add(node.op, [left.whole, right.whole], {}), right.factor);
  }
  const mask = unscaledMask(b, x, right.factor);
  if (mask === undefined || node.op !== "sub") return undefined;
  return multiply(b, b.add("sub", [right.whole, mask], {}), negative(b, right.factor));
}

/** `x + y·s = x - y·(-s)` where y·(-s) is there already, and `-x - y·(-s) = y·s - x`. */
function sumOfNegated(
  b: GraphBuilder,
  node: Node,
  x: number,
  y: number,
  readersOf: Site<OpName>["readersOf"],
): number | undefined {
  const product = b.node(y);
  const parts = node.op === "sub" && product.op === "mul" ? partsOf(b, product) : undefined;
  const [less, factor] = [negated(b, x), parts && negated(b, parts.factor)];
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
function negatedProduct(b: GraphBuilder, id: number, readersOf: Site<OpName>["readersOf"]): number | undefined {
  const product = b.node(id);
  const parts = product.op === "mul" ? partsOf(b, product) : undefined;
  const turned = parts && (negated(b, parts.factor) ?? b.find("neg", [parts.factor], {}));
  if (parts === undefined || turned === undefined) return undefined;
  const found = b.find("mul", [parts.whole, turned], {}) ?? b.find("mul", [turned, parts.whole], {});
  if (found === undefined) return undefined;
  if (!readersOf(id).every(isSum)) return undefined;
  return found < id || !readersOf(found).every(isSum) ? found : undefined;
}

/** Sums can take the opposite of an operand just as well. */
function isSum({ op, operand }: Reader): boolean {
  return op === "add" || (op === "sub" && operand === 1);
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
    depth === 0 ? Infinity : magnitude(b, node.inputs[operand] ?? -1, depth - 1);
  switch (node.op) {
    case "constant":
      return Math.abs(node.attrs.value);
    case "softmax":
    case "sigmoid":
    case "sign":
      return 1;
    case "cast":
      return b.type(node.inputs[0] ?? -1).dtype === "bool" ? 1 : Infinity;
    case "where":
      return Math.max(of(1), of(2));
    case "add":
    case "sub":
      return of(0) + of(1);
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

/** A scalar of constants and sizes, at most 1 where a tensor of this shape has elements. */
function isShare(b: GraphBuilder, id: number, shape: Shape): boolean {
  const node = b.node(id);
  const [x = -1, y = -1] = node.inputs;
  if (node.shape.length > 0) return false;
  if (node.op === "constant") return Math.abs(node.attrs.value) <= 1;
  if (node.op === "neg") return isShare(b, x, shape);
  if (node.op === "mul") return isShare(b, x, shape) && isShare(b, y, shape);
  const size = node.op === "div" && isShare(b, x, shape) ? b.node(y) : undefined;
  return (
    size?.op === "dimSize" && size.attrs.dims.every((dim) => (typeof dim === "number" ? dim > 0 : shape.includes(dim)))
  );
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
