import { isFloat, nodeAt, printValue, ShapeError, type Dim, type NodeOf, type Shape } from "@losses/core";
import { operand, type EmitContext, type Emitter, type SumPlan } from "./context.js";
import { isLine, lastAxis } from "./lines.js";

/** Row length of sums in two stages. */
export const sumRow = 4096;

/** Sums up to this length are right to the last digits in one go: runtimes add them in many lanes. */
export const plainSumLimit = 32768;

/** Emits `reduceSum`: over all elements of a floating tensor in two stages where that is planned, else directly. */
export const emitSum: Emitter<"reduceSum"> = (node, inputs, context) => {
  const { axes, keepdims } = node.attrs;
  const x = operand(inputs, 0);
  const { writer } = context;
  const plan = isFloat(node.dtype) && sumsAll(node, context) ? context.planSum(operandShape(node, context)) : "plain";
  if (plan === "plain" && keepdims && axes.join() === String(node.shape.length - 1) && isLine(node, context)) {
    const line = writer.node("ReduceSum", [x, writer.list(axes)], { keepdims: 0 });
    return writer.node("Unsqueeze", [line, lastAxis(node, context)]);
  }
  if (plan === "plain") {
    return writer.node("ReduceSum", [x, writer.list(axes)], { keepdims: keepdims ? 1 : 0 });
  }
  const rows = writer.node("Reshape", [
    plan === "padded" ? pad(x, operandShape(node, context), context) : x,
    writer.list([-1, rowOf(plan)]),
  ]);
  const partial = writer.node("ReduceSum", [rows, writer.list([1])], { keepdims: 0 });
  const total = writer.node("ReduceSum", [partial, writer.list([0])], { keepdims: 0 });
  return node.shape.length === 0 ? total : writer.node("Reshape", [total, writer.list(node.shape.map(() => 1))]);
};

/** True if nothing but axes of size 1 is left. */
function sumsAll(node: NodeOf<"reduceSum">, context: EmitContext): boolean {
  return operandShape(node, context).every((dim, axis) => dim === 1 || node.attrs.axes.includes(axis));
}

function operandShape(node: NodeOf<"reduceSum">, context: EmitContext): readonly Dim[] {
  return nodeAt(context.graph, node.inputs[0] ?? -1).shape;
}

function rowOf(plan: Exclude<SumPlan, "plain">): number {
  return plan === "padded" ? sumRow : plan;
}

/** The elements in one line, followed by zeros up to a multiple of the row length. */
function pad(x: string, shape: Shape, { writer, sizes }: EmitContext): string {
  const line = writer.node("Reshape", [x, writer.list([-1])]);
  return writer.node("Pad", [line, sizes.padding(line, shape, sumRow)]);
}

/** The plan for a model that must serve every size. */
export function planForAnySize(shape: readonly Dim[]): SumPlan {
  return shape.every((dim) => typeof dim === "number") ? planForSize(shape.reduce((n, dim) => n * dim, 1)) : "padded";
}

/** The plan for a known number of elements. */
export function planForSize(count: number): SumPlan {
  if (!Number.isInteger(count) || count < 0) {
    throw new ShapeError(`planForSize: the number of elements must be an integer >= 0, got ${printValue(count)}.`);
  }
  if (count <= plainSumLimit) return "plain";
  for (let row = sumRow; row >= 256; row /= 2) if (count % row === 0) return row;
  return "padded";
}
