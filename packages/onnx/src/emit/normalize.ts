import { nodeAt, operandAt, operandNode, type DType, type NodeOf, type ReduceAttributes } from "@losses/core";
import { elementType } from "../format.js";
import type { EmitContext, Emitter } from "./context.js";
import { whereNumber } from "./guards.js";
import { sumAlong } from "./sums.js";

/** `TensorProto.DataType` of bytes. */
const uint8 = 2;

/** A value that is written, and the node that it is. */
interface Operand {
  readonly id: number;
  readonly value: string;
  readonly dtype: DType;
}

/** The largest or smallest along axes; NaN if one of them is, which ONNX Runtime's kernels see in some places only. */
export const emitExtreme =
  (opType: "ReduceMax" | "ReduceMin") =>
  (node: NodeOf<"reduceMax" | "reduceMin">, inputs: readonly string[], context: EmitContext): string => {
    const {
      inputs: [id],
      attrs,
      dtype,
    } = node;
    return extremeAlong(opType, { id, value: operandAt(inputs, 0), dtype }, attrs, context);
  };

/** The same for a value that is written. */
export function extremeAlong(
  opType: "ReduceMax" | "ReduceMin",
  { id, value: x, dtype }: Operand,
  attrs: ReduceAttributes,
  context: EmitContext,
): string {
  const result = reduceAlong(opType, x, attrs, context);
  if (dtype === "int32") return result;
  const { writer, can } = context;
  const nan = writer.scalar(NaN, dtype);
  if (can.keepsNaN && context.isNonNegative(id)) {
    // A sum without negative terms is NaN if one of them is, and only then.
    const { axes, keepdims } = attrs;
    const sum = writer.node("ReduceSum", [x, writer.list(axes)], { keepdims: keepdims ? 1 : 0 });
    return writer.node("Where", [writer.node("Equal", [sum, sum]), result, nan]);
  }
  const isNumber = writer.node("Equal", [x, x]);
  if (can.reducesBytes) {
    // Bytes reduce fastest.
    const least = reduceAlong("ReduceMin", writer.node("Cast", [isNumber], { to: uint8 }), attrs, context);
    return writer.node("Where", [writer.node("Cast", [least], { to: elementType.bool }), result, nan]);
  }
  const number = writer.node("Where", [isNumber, writer.scalar(1, dtype), writer.scalar(0, dtype)]);
  // Over no elements the smallest is infinite.
  const least = reduceAlong("ReduceMin", number, attrs, context);
  const all = writer.node("LessOrEqual", [writer.scalar(1, dtype), least]);
  return writer.node("Where", [all, result, nan]);
}

/** A reduction of which the axes became an operand in opset 18. An extreme has no guard. */
export function reduceAlong(
  opType: "ReduceMax" | "ReduceMin",
  x: string,
  { axes, keepdims }: ReduceAttributes,
  { writer, opset }: EmitContext,
): string {
  const keep = keepdims ? 1 : 0;
  return opset < 18
    ? writer.node(opType, [x], { axes, keepdims: keep })
    : writer.node(opType, [x, writer.list(axes)], { keepdims: keep });
}

/** log Σ eˣ = m + log Σ exp(x - m) with m = max x; m = 0 where the maximum is infinite, so that ±inf come out right. */
export const emitLogSumExp: Emitter<"reduceLogSumExp"> = (node, inputs, context) => {
  const { writer } = context;
  const { axes, keepdims } = node.attrs;
  const x = operandAt(inputs, 0);
  const zero = writer.scalar(0, node.dtype);
  const max = reduceAlong("ReduceMax", x, { axes, keepdims: true }, context);
  const finite = writer.node("Less", [writer.node("Abs", [max]), writer.scalar(Infinity, node.dtype)]);
  const shift = writer.node("Where", [finite, max, zero]);
  const shifted = writer.node("Sub", [x, shift]);
  const terms = {
    value: writer.node("Exp", [shifted]),
    shape: operandNode(context.graph, node, 0).shape,
    dtype: node.dtype,
  };
  const sum = sumAlong(terms, axes, true, context);
  const infinite = writer.node("Equal", [max, writer.scalar(Infinity, node.dtype)]);
  // The sum of the shifted operands is NaN where one of them is: but for ∞ - ∞, which the maximum tells.
  const probe = (): string =>
    writer.node("Where", [infinite, max, writer.node("ReduceSum", [shifted, writer.list(axes)], { keepdims: 1 })]);
  const plain = writer.node("Add", [writer.node("Log", [sum]), shift]);
  const result = context.can.keepsNaN ? plain : whereNumber(probe(), plain, context);
  return keepdims ? result : writer.node("Squeeze", [result, writer.list(axes)]);
};

/** eˣ / Σ eˣ along an axis. */
export const emitSoftmax: Emitter<"softmax"> = (node, inputs, context) => {
  const { writer } = context;
  const x = operandAt(inputs, 0);
  if (isOneKernel(node, context)) {
    // softmax x = e^(log softmax x), which spares the sum where the logarithm is wanted as well.
    const log = logarithmOf(node, context);
    return log === undefined || (context.isLarge(node.shape) && isPickedFrom(log, context))
      ? softmaxKernel("Softmax", x, node.attrs.axis, context)
      : writer.node("Exp", [context.valueOf(log)]);
  }
  const { exp, sum, probe } = softmaxParts(node, context);
  return writer.node("Div", [exp, whereNumber(probe, sum, context)]);
};

/** The earlier node that is the logarithm of a softmax. */
function logarithmOf({ id, inputs, attrs }: NodeOf<"softmax">, { graph }: EmitContext): number | undefined {
  return graph.nodes.find(
    (node) =>
      node.id < id && node.op === "logSoftmax" && node.inputs[0] === inputs[0] && node.attrs.axis === attrs.axis,
  )?.id;
}

/** True if nothing needs a node but what takes one of its elements for each line. */
function isPickedFrom(id: number, { graph, uses }: EmitContext): boolean {
  if (uses(id) !== 1) return false;
  return graph.nodes.some(
    (user) =>
      user.op === "gather" && user.inputs[0] === id && nodeAt(graph, user.inputs[1]).shape[user.attrs.axis] === 1,
  );
}

/** x - m - log Σ exp(x - m) along an axis, with m = max x. */
export const emitLogSoftmax: Emitter<"logSoftmax"> = (node, inputs, context) => {
  const { writer } = context;
  const x = operandAt(inputs, 0);
  if (isOneKernel(node, context)) return softmaxKernel("LogSoftmax", x, node.attrs.axis, context);
  const { shifted, sum, probe } = softmaxParts(node, context);
  return writer.node("Sub", [shifted, whereNumber(probe, writer.node("Log", [sum]), context)]);
};

/**
 * What a log-softmax takes off each operand, as two terms with size 1 along the axis: the maximum m, then log Σ exp(x - m).
 * `undefined` where the runtime's own kernel for the whole is the fastest way to a few elements too.
 *
 * @param pick the element of a tensor of the operand's shape that is asked for
 */
export function logSoftmaxOffsets(
  node: NodeOf<"logSoftmax">,
  pick: (tensor: string) => string,
  context: EmitContext,
): readonly [string, string] | undefined {
  const { writer, graph, valueOf } = context;
  const { axis } = node.attrs;
  const x = valueOf(node.inputs[0]);
  if (!isOneKernel(node, context)) {
    const { max, sum, probe } = softmaxParts(node, context);
    return [max, whereNumber(probe, writer.node("Log", [sum]), context)];
  }
  const hasSoftmax = graph.nodes.some(
    (other) => other.op === "softmax" && other.inputs[0] === node.inputs[0] && other.attrs.axis === axis,
  );
  if (!hasSoftmax || !context.isLarge(node.shape)) return undefined;
  // The softmax of the largest is 1 / Σ exp(x - m); all are NaN if an operand is, but ReduceMax may not see it.
  const share = softmaxKernel("Softmax", x, axis, context);
  const [max, top] = [x, share].map((from) =>
    reduceAlong("ReduceMax", from, { axes: [axis], keepdims: true }, context),
  ) as [string, string];
  const total = writer.node("Log", [writer.node("Max", [top, pick(share)])]);
  return [max, writer.node("Neg", [total])];
}

/**
 * ONNX Runtime's kernels for the processor transpose the operand where the axis is not the last. On other devices they hide NaN or
 * are not there, and the parts serve softmax and log-softmax alike. Its log-softmax of float64 hides NaN too.
 */
export function isOneKernel(
  { attrs, shape, dtype }: NodeOf<"softmax" | "logSoftmax">,
  { takes }: EmitContext,
): boolean {
  if (!takes("kernels of softmax") || dtype === "float64") return false;
  return attrs.axis === shape.length - 1;
}

function softmaxKernel(opType: "Softmax" | "LogSoftmax", x: string, axis: number, { writer }: EmitContext): string {
  return writer.node(opType, [x], { axis });
}

/** `probe` is NaN where the operands along the axis have a NaN or +∞, which exp may hide on a GPU. */
function softmaxParts(
  { inputs: [from], attrs: { axis }, shape, dtype }: NodeOf<"softmax" | "logSoftmax">,
  context: EmitContext,
): Record<"max" | "shifted" | "exp" | "sum" | "probe", string> {
  const { writer } = context;
  const x = context.valueOf(from);
  const max = reduceAlong("ReduceMax", x, { axes: [axis], keepdims: true }, context);
  const shifted = writer.node("Sub", [x, max]);
  const exp = writer.node("Exp", [shifted]);
  const sum = sumAlong({ value: exp, shape, dtype }, [axis], true, context);
  const probe = writer.node("ReduceSum", [shifted, writer.list([axis])], { keepdims: 1 });
  return { max, shifted, exp, sum, probe };
}
