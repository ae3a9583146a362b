import { nodeAt, type Node, type NodeOf, type Shape } from "@losses/core";
import type { EmitContext } from "../../context.js";
import { isOneKernel, logSoftmaxOffsets } from "../../normalize.js";
import { pickLines } from "./pickAt.js";
import { gatherAt, lineShape, positionOf, scatterAt, whereInside, type Position } from "./position.js";
import { replacedOf } from "./replaced.js";
import { asLines, lineOf, sparseOf, type SparseTerm } from "./sparse.js";

/**
 * Writes a node that is a mask of few elements, or reads or changes only those, without looking at the others; `undefined` for other
 * nodes. Elements are read by position on every device, and written on the processor alone.
 */
export function emitByPosition(node: Node, context: EmitContext): string | undefined {
  if (node.op === "reduceSum") return emitSumOfTerms(node, context);
  if (node.op === "gather") return emitPicked(node, context);
  if (!context.scatters) return undefined;
  switch (node.op) {
    case "add":
    case "sub":
      return emitFactored(node, context) ?? emitMask(node, context) ?? emitChanged(node, context);
    case "neg":
    case "scatterAdd":
      return emitMask(node, context);
    case "where":
      return emitMask(node, context) ?? emitReplaced(node, context);
    default:
      return undefined;
  }
}

/** One element of each line. */
function emitPicked(node: NodeOf<"gather">, context: EmitContext): string | undefined {
  const { graph } = context;
  const { axis } = node.attrs;
  const [from, index] = [nodeAt(graph, node.inputs[0]), nodeAt(graph, node.inputs[1])];
  if (index.shape[axis] !== 1 || node.dtype === "bool") return undefined;
  const whole = node.shape.map((dim, i) => (i === axis ? (from.shape[axis] ?? 1) : dim));
  const at = positionOf({ axis, index: index.id }, whole, context);
  const picked = at && pickLines(from.id, at, context);
  return picked && whereInside(picked, undefined, at, node.dtype, context);
}

/** A sum along an axis of which each line has few elements. */
function emitSumOfTerms({ inputs: [from], attrs }: NodeOf<"reduceSum">, context: EmitContext): string | undefined {
  const { writer } = context;
  const [axis, ...more] = attrs.axes;
  const terms = axis === undefined || more.length > 0 ? undefined : sparseOf(from, context);
  if (terms === undefined || terms.some(({ at }) => at.axis !== axis)) return undefined;
  const lines = terms.map(({ value }) => value).reduce((a, b) => writer.node("Add", [a, b]));
  return attrs.keepdims ? lines : writer.node("Squeeze", [lines, writer.list(attrs.axes)]);
}

/** A node that is 0 but for few elements: those are written into zeros. */
function emitMask(node: Node, context: EmitContext): string | undefined {
  const terms = sparseOf(node.id, context);
  return terms && addTerms(zeros(node, context), terms, context);
}

function addTerms(base: string, terms: readonly SparseTerm[], context: EmitContext): string {
  return terms.reduce((sum, { at, value }) => scatterAt(sum, value, at, { reduction: "add" }, context), base);
}

function zeros({ shape, dtype }: Node, { writer, sizes }: EmitContext): string {
  return dtype === "float32"
    ? writer.node("ConstantOfShape", [sizes.list(shape)])
    : writer.node("Expand", [writer.scalar(0, dtype), sizes.list(shape)]);
}

/** A choice by position between one element a line and a whole tensor. */
function emitReplaced(node: NodeOf<"where">, context: EmitContext): string | undefined {
  const { graph, writer, sizes, valueOf } = context;
  const found = replacedOf(graph, node);
  const at = found && positionOf(found, node.shape, context);
  if (found === undefined || at === undefined) return undefined;
  const base = valueOf(found.elsewhere);
  const value = valueOf(found.value);
  const updates =
    at.inside === undefined
      ? writer.node("Expand", [value, sizes.list(lineShape(node.shape, at.axis))])
      : whereInside(value, gatherAt(base, at, context), at, node.dtype, context);
  return scatterAt(base, updates, at, {}, context);
}

/** A sum or difference in which one side is 0 but for few elements: the other side with those changed. */
function emitChanged(node: NodeOf<"add"> | NodeOf<"sub">, context: EmitContext): string | undefined {
  const { writer, valueOf } = context;
  const [left, right] = node.inputs;
  if (!same(nodeAt(context.graph, left).shape, node.shape) || !same(nodeAt(context.graph, right).shape, node.shape)) {
    return undefined;
  }
  const after = sparseOf(right, context);
  if (after !== undefined) {
    const terms = node.op === "add" ? after : negative(after, context);
    return addTerms(valueOf(left), afterReaders(nodeAt(context.graph, left), terms, context), context);
  }
  const before = sparseOf(left, context);
  if (before === undefined) return undefined;
  return addTerms(node.op === "add" ? valueOf(right) : writer.node("Neg", [valueOf(right)]), before, context);
}

/**
 * `p·v - h = (p - one-hot)·v`, and `h - p·v` with the other sign, for a mask h with one element v a line: elements are written into the
 * memory of p, and the product into that of the result. Where v is infinite `p·v - v` is NaN.
 */
function emitFactored(node: NodeOf<"add"> | NodeOf<"sub">, context: EmitContext): string | undefined {
  const { graph, writer, valueOf } = context;
  if (node.op !== "sub") return undefined;
  const [left, right] = [nodeAt(graph, node.inputs[0]), nodeAt(graph, node.inputs[1])];
  const [mask, product] = left.op === "mul" ? [right, left] : [left, right];
  if (product.op !== "mul" || mask.op !== "scatterAdd" || context.uses(product.id) > 1) return undefined;
  const [v] = mask.inputs;
  const other = product.inputs.find((id) => id !== v);
  if (other === undefined || !product.inputs.includes(v) || !same(nodeAt(graph, other).shape, node.shape)) {
    return undefined;
  }
  const line = lineOf(mask, graph);
  const at = line && positionOf(line, node.shape, context);
  if (at === undefined) return undefined;
  // A line that has no such element is its product alone.
  const one = asLines(writer.scalar(1, node.dtype), [], at, node.dtype, context);
  const read = readOf(nodeAt(graph, other), at, context);
  const seen = read === undefined ? valueOf(v) : writer.node("Add", [valueOf(v), read]);
  const minusOne = writer.node("Sub", [writer.node("Sub", [seen, seen]), one]);
  const less = addTerms(valueOf(other), [{ at, value: minusOne }], context);
  return writer.node("Mul", [less, product === left ? valueOf(v) : writer.node("Neg", [valueOf(v)])]);
}

/** The same terms, known only when what is read of a softmax that they are added to has been. */
function afterReaders(softmax: Node, terms: readonly SparseTerm[], context: EmitContext): readonly SparseTerm[] {
  const { writer } = context;
  return terms.map(({ at, value }) => {
    const read = readOf(softmax, at, context);
    if (read === undefined) return { at, value };
    return { at, value: writer.node("Where", [writer.node("Equal", [read, read]), value, read]) };
  });
}

/**
 * What the log-softmax beside a softmax reads of that in each line: a number, unless the line has NaN. What is written into a softmax
 * waits for it, for its memory would be copied before another reader.
 */
function readOf(softmax: Node, at: Position, context: EmitContext): string | undefined {
  const log = context.graph.nodes.find(
    (other): other is NodeOf<"logSoftmax"> =>
      other.op === "logSoftmax" &&
      softmax.op === "softmax" &&
      other.inputs[0] === softmax.inputs[0] &&
      other.attrs.axis === softmax.attrs.axis &&
      context.uses(other.id) === 1,
  );
  if (log === undefined || at.axis !== log.attrs.axis || !isOneKernel(log, context)) return undefined;
  return logSoftmaxOffsets(log, (from) => gatherAt(from, at, context), context)?.[1];
}

function negative(terms: readonly SparseTerm[], { writer }: EmitContext): readonly SparseTerm[] {
  return terms.map(({ at, value }) => ({ at, value: writer.node("Neg", [value]) }));
}

function same(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
