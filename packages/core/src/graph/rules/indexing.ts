import { sameShape, type Dim } from "../../tensor/dims.js";
import type { GraphBuilder } from "../builder.js";
import type { NodeOf } from "../graph.js";
import { outsideOf } from "../indexRanges.js";
import { rule, type Rule, type Site } from "./rule.js";

export const indexing: readonly Rule[] = [
  rule("a gather of what is the same all along the axis", ["gather"], gatherOfConstant),
  rule("a gather of 0, 1, 2, …", ["gather"], gatherOfIota),
  rule("the sum of what was added at positions", ["reduceSum"], sumOfScatter),
];

/** What a gather takes from something that is the same all along the axis is that, where the position is inside. */
function gatherOfConstant({ b, node, inputs: [x, index] }: Site<"gather">): number | undefined {
  const { axis } = node.attrs;
  const operand = b.node(x);
  const source = operand.op === "expand" ? operand.inputs[0] : x;
  const { shape } = b.type(source);
  const own = axis - operand.shape.length + shape.length;
  if (own >= 0 && shape[own] !== 1) return undefined;
  return whereInside(b, source, index, operand.shape[axis] ?? 1, node);
}

/** The position that a gather takes from 0, 1, 2, … is the position itself, where it is inside. */
function gatherOfIota({ b, node, inputs: [x, index] }: Site<"gather">): number | undefined {
  const operand = b.node(x);
  const source = operand.op === "expand" ? b.node(operand.inputs[0]) : operand;
  const line = source.op === "unsqueeze" ? b.node(source.inputs[0]) : source;
  if (line.op !== "iota" || outsideOf(b, index, line.attrs.size) !== "never") return undefined;
  const along = source.shape.findIndex((dim) => dim !== 1) + operand.shape.length - source.shape.length;
  if (along !== node.attrs.axis || operand.shape[along] !== line.attrs.size) return undefined;
  return stretched(b, index, node);
}

/** What was added at positions along an axis is all there, but for what lies outside. */
function sumOfScatter({ b, node, inputs: [x] }: Site<"reduceSum">): number | undefined {
  const scatter = b.node(x);
  if (scatter.op !== "scatterAdd" || !node.attrs.axes.includes(scatter.attrs.axis)) return undefined;
  const [updates, index] = scatter.inputs;
  const { axis, size } = scatter.attrs;
  const [ofUpdates, ofIndex] = [b.type(updates).shape[axis] ?? 1, b.type(index).shape[axis] ?? 1];
  const count = ofUpdates === 1 ? ofIndex : ofUpdates;
  const full = scatter.shape.map((dim, i): Dim => (i === axis ? count : dim));
  const outside = outsideOf(b, index, size);
  if (outside === "unknown") return undefined;
  const kept = outside === "never" ? updates : without(b, updates, index, outside.except);
  const whole = sameShape(b.type(kept).shape, full) ? kept : b.add("expand", [kept], { shape: full });
  return b.add("reduceSum", [whole], node.attrs);
}

function whereInside(b: GraphBuilder, x: number, index: number, size: Dim, node: NodeOf<"gather">): number | undefined {
  const outside = outsideOf(b, index, size);
  if (outside === "unknown") return undefined;
  return stretched(b, outside === "never" ? x : without(b, x, index, outside.except), node);
}

/** 0 where the position is `except`. */
function without(b: GraphBuilder, x: number, index: number, except: number): number {
  const isOutside = b.add("equal", [index, b.constant(except, "int32")], {});
  return b.add("where", [isOutside, b.constant(0, b.type(x).dtype), x], {});
}

function stretched(b: GraphBuilder, id: number, { shape }: { readonly shape: NodeOf<"gather">["shape"] }): number {
  return sameShape(b.type(id).shape, shape) ? id : b.add("expand", [id], { shape });
}
