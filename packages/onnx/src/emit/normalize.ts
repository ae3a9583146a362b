import type { Node, ReduceAttributes, ReduceOp } from "@losses/core";
import { operand, type EmitContext, type Emitter } from "./context.js";
import { whereNumber } from "./guards.js";

/** The largest or smallest along axes; NaN if one of them is, which ONNX Runtime's kernels see in some places only. */
export const emitExtreme =
  (opType: "ReduceMax" | "ReduceMin") =>
  (node: Extract<Node, { readonly op: ReduceOp }>, inputs: readonly string[], context: EmitContext): string => {
    const x = operand(inputs, 0);
    const result = extreme(opType, x, node.attrs, context);
    if (node.dtype === "int32") return result;
    const { writer } = context;
    const number = writer.node("Where", [
      writer.node("Equal", [x, x]),
      writer.scalar(1, node.dtype),
      writer.scalar(0, node.dtype),
    ]);
    // Over no elements the smallest is infinite.
    const least = extreme("ReduceMin", number, node.attrs, context);
    const all = writer.node("LessOrEqual", [writer.scalar(1, node.dtype), least]);
    return writer.node("Where", [all, result, writer.scalar(NaN, node.dtype)]);
  };

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
  const shifted = writer.node("Sub", [x, shift]);
  const sum = writer.node("ReduceSum", [writer.node("Exp", [shifted]), writer.list(axes)], { keepdims: 1 });
  const infinite = writer.node("Equal", [max, writer.scalar(Infinity, node.dtype)]);
  // The sum of the shifted operands is NaN where one of them is: but for ∞ - ∞, which the maximum tells.
  const probe = (): string =>
    writer.node("Where", [infinite, max, writer.node("ReduceSum", [shifted, writer.list(axes)], { keepdims: 1 })]);
  const plain = writer.node("Add", [writer.node("Log", [sum]), shift]);
  const result = context.provider === "cpu" ? plain : whereNumber(probe(), plain, context);
  return keepdims ? result : writer.node("Squeeze", [result, writer.list(axes)]);
};

/** eˣ / Σ eˣ: on the processor the runtime's own op; elsewhere that hides NaN, and its parts serve the log-softmax too. */
export const emitSoftmax: Emitter<"softmax"> = (node, inputs, context) => {
  const { axis } = node.attrs;
  const { writer, provider } = context;
  if (provider === "cpu") return writer.node("Softmax", inputs, { axis });
  const { exp, sum, probe } = softmaxParts(operand(inputs, 0), axis, context);
  return writer.node("Div", [exp, whereNumber(probe, sum, context)]);
};

/** x - m - log Σ exp(x - m) with m = max x; ONNX Runtime's WebGPU provider has no LogSoftmax. */
export const emitLogSoftmax: Emitter<"logSoftmax"> = (node, inputs, context) => {
  const { axis } = node.attrs;
  const { writer, provider } = context;
  if (provider === "cpu") return writer.node("LogSoftmax", inputs, { axis });
  const { shifted, sum, probe } = softmaxParts(operand(inputs, 0), axis, context);
  return writer.node("Sub", [shifted, whereNumber(probe, writer.node("Log", [sum]), context)]);
};

/** `probe` is NaN where the operands along the axis have a NaN or +∞, which exp may hide on a GPU. */
function softmaxParts(
  x: string,
  axis: number,
  context: EmitContext,
): Record<"shifted" | "exp" | "sum" | "probe", string> {
  const { writer } = context;
  const max = extreme("ReduceMax", x, { axes: [axis], keepdims: true }, context);
  const shifted = writer.node("Sub", [x, max]);
  const exp = writer.node("Exp", [shifted]);
  const total = (terms: string): string => writer.node("ReduceSum", [terms, writer.list([axis])], { keepdims: 1 });
  return { shifted, exp, sum: total(exp), probe: total(shifted) };
}
