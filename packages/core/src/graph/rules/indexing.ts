import { sameShape, type Dim } from "../../tensor/dims.js";
import type { GraphBuilder } from "../builder.js";
import type { NodeOf } from "../graph.js";
import { outsideOf } from "../indexRanges.js";
import { numberOf } from "./constants.js";
import { rule, type Rule, type Site } from "./rule.js";

export const indexing: readonly Rule[] = [
  rule("a gather of what is the same all along the axis", ["gather"], gatherOfConstant),
  rule("a gather of 0, 1, 2, …", ["gather"], gatherOfIota),
  rule("the sum of what was added at positions", ["reduceSum"], sumOfScatter),
  rule("the sum of a diagonal along its other axis", ["reduceSum"], sumOfDiagonal),
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

/** Each line of a diagonal has one element, across as along: Σᵢ diag(v)ᵢⱼ = vⱼ. */
function sumOfDiagonal({ b, node, inputs: [x] }: Site<"reduceSum">): number | undefined {
  const scatter = b.node(x);
  const [across, ...more] = node.attrs.axes;
  if (scatter.op !== "scatterAdd" || across === undefined || more.length > 0) return undefined;
  const [updates, index] = scatter.inputs;
  const { axis, size } = scatter.attrs;
  if (b.type(updates).shape[axis] !== 1 || scatter.shape[across] !== size || axis === across) return undefined;
  if (iotaAxisOf(b, index) !== across) return undefined;
  const line = scatter.shape.map((dim, i): Dim => (i === axis ? 1 : dim));
  const whole = sameShape(b.type(updates).shape, line) ? updates : b.add("expand", [updates], { shape: line });
  const perm = line.map((_, i) => (i === axis ? across : i === across ? axis : i));
  const turned = turnedLine(b, whole, axis, across) ?? b.add("transpose", [whole], { perm });
  return node.attrs.keepdims ? turned : b.add("squeeze", [turned], { axes: [across] });
}

/** A tensor of size 1 along an axis with a neighbouring axis in its place: no element moves. */
function turnedLine(b: GraphBuilder, x: number, axis: number, across: number): number | undefined {
  if (Math.abs(axis - across) !== 1) return undefined;
  return b.add("unsqueeze", [b.add("squeeze", [x], { axes: [axis] })], { axes: [across] });
}

/** The axis that 0, 1, 2, … runs along, of a tensor that has nothing but that. */
function iotaAxisOf(b: GraphBuilder, id: number): number | undefined {
  const node = b.node(id);
  if (node.op === "iota") return 0;
  if (node.op !== "unsqueeze" || b.node(node.inputs[0]).op !== "iota") return undefined;
  return node.shape.findIndex((_, axis) => !node.attrs.axes.includes(axis));
}

function whereInside(b: GraphBuilder, x: number, index: number, size: Dim, node: NodeOf<"gather">): number | undefined {
  const outside = outsideOf(b, index, size);
  if (outside === "unknown") return undefined;
  return stretched(b, outside === "never" ? x : without(b, x, index, outside.except), node);
}

/** 0 where the position is `except`. */
function without(b: GraphBuilder, x: number, index: number, except: number): number {
  if (isZeroAt(b, x, index, except)) return x;
  const isOutside = b.add("equal", [index, b.constant(except, "int32")], {});
  return b.add("where", [isOutside, b.constant(0, b.type(x).dtype), x], {});
}

/** True for what is chosen to be 0 where the position is `except`. */
function isZeroAt(b: GraphBuilder, id: number, index: number, except: number): boolean {
  const [x, at] = [b.node(id), b.node(index)];
  if (x.op === "neg") return isZeroAt(b, x.inputs[0], index, except);
  if (x.op === "unsqueeze" && at.op === "unsqueeze") {
    return x.attrs.axes.join() === at.attrs.axes.join() && isZeroAt(b, x.inputs[0], at.inputs[0], except);
  }
  const condition = x.op === "where" && numberOf(b, x.inputs[1]) === 0 ? b.node(x.inputs[0]) : undefined;
  if (condition?.op !== "equal" || !sameShape(b.type(index).shape, x.shape)) return false;
  return condition.inputs.includes(index) && condition.inputs.some((operand) => numberOf(b, operand) === except);
}

function stretched(b: GraphBuilder, id: number, { shape }: { readonly shape: NodeOf<"gather">["shape"] }): number {
  return sameShape(b.type(id).shape, shape) ? id : b.add("expand", [id], { shape });
}
