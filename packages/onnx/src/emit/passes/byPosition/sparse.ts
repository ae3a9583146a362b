import { isFloat, nodeAt, type DType, type Graph, type Node, type NodeOf, type Shape } from "@losses/core";
import { choose } from "../../where.js";
import type { EmitContext } from "../../context.js";
import { pickAt } from "./pickAt.js";
import { lineShape, positionOf, whereInside, type LinePlaces, type Position } from "./position.js";

/** One element for each line of a tensor that is 0 elsewhere. */
export interface SparseTerm {
  readonly at: Position;
  /** As large as the lines are, and 0 where a line has no such place. */
  readonly value: string;
}

/** A node as a sum of few elements in each line, which are written one by one instead of whole masks. */
export function sparseOf(id: number, context: EmitContext): readonly SparseTerm[] | undefined {
  const node = nodeAt(context.graph, id);
  if (!isFloat(node.dtype)) return undefined;
  switch (node.op) {
    case "neg":
      return sparseOf(node.inputs[0], context)?.map(({ at, value }) => ({
        at,
        value: context.writer.node("Neg", [value]),
      }));
    case "add":
    case "sub":
      return sparseSum(node, context);
    case "where":
      return sparseChoice(node, context);
    case "scatterAdd":
      return sparseLine(node, context);
    default:
      return undefined;
  }
}

/** The places that a scatter of one element for each line adds at; `undefined` for other scatters. */
export function lineOf(
  { attrs: { axis }, inputs: [x, index] }: NodeOf<"scatterAdd">,
  graph: Graph,
): LinePlaces | undefined {
  const isSingle = [x, index].every((id) => nodeAt(graph, id).shape[axis] === 1);
  return isSingle ? { axis, index } : undefined;
}

function sparseLine(node: NodeOf<"scatterAdd">, context: EmitContext): readonly SparseTerm[] | undefined {
  const { graph, valueOf } = context;
  const line = lineOf(node, graph);
  const at = line && positionOf(line, node.shape, context);
  if (at === undefined) return undefined;
  const [x] = node.inputs;
  return [{ at, value: asLines(valueOf(x), nodeAt(graph, x).shape, at, node.dtype, context) }];
}

function sparseSum(node: NodeOf<"add"> | NodeOf<"sub">, context: EmitContext): readonly SparseTerm[] | undefined {
  const [a, b] = node.inputs.map((input) => (covers(input, node, context) ? sparseOf(input, context) : undefined));
  if (a === undefined || b === undefined) return undefined;
  const sign = ({ at, value }: SparseTerm): SparseTerm => ({ at, value: context.writer.node("Neg", [value]) });
  return [...a, ...(node.op === "sub" ? b.map(sign) : b)];
}

/** What a condition leaves of few elements. */
function sparseChoice(node: NodeOf<"where">, context: EmitContext): readonly SparseTerm[] | undefined {
  const { writer } = context;
  const [condition, yes, no] = node.inputs;
  const zero = writer.scalar(0, node.dtype);
  const taken = isZero(no, context) ? yes : isZero(yes, context) ? no : undefined;
  if (taken === undefined || !covers(taken, node, context)) return undefined;
  const terms = sparseOf(taken, context)?.map(({ at, value }): SparseTerm | undefined => {
    const chosen = pickAt(condition, at, context);
    if (chosen === undefined) return undefined;
    return { at, value: writer.node("Where", taken === yes ? [chosen, value, zero] : [chosen, zero, value]) };
  });
  const known = terms?.filter((term) => term !== undefined);
  return known?.length === terms?.length ? known : undefined;
}

/** A value of this shape, with one element a line at most, as large as the lines are and 0 where a line has no such place. */
export function asLines(value: string, shape: Shape, at: Position, dtype: DType, context: EmitContext): string {
  const { writer, sizes } = context;
  if (at.inside !== undefined) {
    if (shape.length > 0) return whereInside(value, undefined, at, dtype, context);
    const line = choose(at.inside, value, writer.scalar(0, dtype), dtype, context);
    return writer.node("Unsqueeze", [line, writer.list([at.axis])]);
  }
  const lines = lineShape(at.whole, at.axis);
  return same(shape, lines) ? value : writer.node("Expand", [value, sizes.list(lines)]);
}

/** True if an operand is as large as the result, so that none of its elements is repeated. */
function covers(id: number, node: Node, { graph }: EmitContext): boolean {
  return same(nodeAt(graph, id).shape, node.shape);
}

function isZero(id: number, { graph }: EmitContext): boolean {
  const node = nodeAt(graph, id);
  return node.op === "constant" && node.attrs.value === 0;
}

function same(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
