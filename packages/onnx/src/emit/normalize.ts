import type { Node, ReduceAttributes, ReduceOp } from "@losses/core";
import { operand, type EmitContext, type Emitter } from "./context.js";

/** The largest or smallest along axes. */
export const emitExtreme =
  (opType: "ReduceMax" | "ReduceMin") =>
  (node: Extract<Node, { readonly op: ReduceOp }>, inputs: readonly string[], context: EmitContext): string =>
    extreme(opType, operand(inputs, 0), node.attrs, context);

/** The axes became an operand in opset 18. */
function extreme(
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
  const x = operand(inputs, 0);
  const zero = writer.scalar(0, node.dtype);
  const max = extreme("ReduceMax", x, { axes, keepdims: true }, context);
  const finite = writer.node("Less", [writer.node("Abs", [max]), writer.scalar(Infinity, node.dtype)]);
  const shift = writer.node("Where", [finite, max, zero]);
  const terms = writer.node("Exp", [writer.node("Sub", [x, shift])]);
  const sum = writer.node("ReduceSum", [terms, writer.list(axes)], { keepdims: 1 });
  const result = writer.node("Add", [writer.node("Log", [sum]), shift]);
  return keepdims ? result : writer.node("Squeeze", [result, writer.list(axes)]);
};

/** eˣ / Σ eˣ: its parts where the log-softmax of the same operand needs them too, else the runtime's own op. */
export const emitSoftmax: Emitter<"softmax"> = (node, inputs, context) => {
  const { axis } = node.attrs;
  const partsExist =
    context.provider === "any" &&
    context.graph.nodes.some(
      (other) => other.op === "logSoftmax" && other.inputs[0] === node.inputs[0] && other.attrs.axis === axis,
    );
  if (!partsExist) return context.writer.node("Softmax", inputs, { axis });
  const { exp, sum } = softmaxParts(operand(inputs, 0), axis, context);
  return context.writer.node("Div", [exp, sum]);
};

/** x - m - log Σ exp(x - m) with m = max x; ONNX Runtime's WebGPU provider has no LogSoftmax. */
export const emitLogSoftmax: Emitter<"logSoftmax"> = (node, inputs, context) => {
  const { axis } = node.attrs;
  const { writer, provider } = context;
  if (provider === "cpu") return writer.node("LogSoftmax", inputs, { axis });
  const { shifted, sum } = softmaxParts(operand(inputs, 0), axis, context);
  return writer.node("Sub", [shifted, writer.node("Log", [sum])]);
};

function softmaxParts(x: string, axis: number, context: EmitContext): Record<"shifted" | "exp" | "sum", string> {
  const { writer } = context;
  const max = extreme("ReduceMax", x, { axes: [axis], keepdims: true }, context);
  const shifted = writer.node("Sub", [x, max]);
  const exp = writer.node("Exp", [shifted]);
  return { shifted, exp, sum: writer.node("ReduceSum", [exp, writer.list([axis])], { keepdims: 1 }) };
}
