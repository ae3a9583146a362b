import { operandAt, operandNode, type DType } from "@losses/core";
import type { EmitContext, Emitter } from "./context.js";

// WGSL lets a GPU assume that there is no NaN, so its functions may turn NaN into a number, and pow of negative numbers
// may be anything. Comparisons, selections and arithmetic keep to IEEE 754 on every device that was tried.

/** `value`, but NaN where `x` is NaN. */
export function whereNumber(x: string, value: string, { writer, can }: EmitContext): string {
  return can.keepsNaN ? value : writer.node("Where", [writer.node("Equal", [x, x]), value, x]);
}

export const emitExp: Emitter<"exp"> = (_, inputs, context) =>
  whereNumber(operandAt(inputs, 0), context.writer.node("Exp", inputs), context);

export const emitRelu: Emitter<"relu"> = (node, inputs, { writer, can }) => {
  const x = operandAt(inputs, 0);
  if (can.keepsNaN) return writer.node("Relu", [x]);
  // Relu takes NaN for 0 on some devices. The gradient compares the same.
  const zero = writer.scalar(0, node.dtype);
  return writer.node("Where", [writer.node("LessOrEqual", [x, zero]), zero, x]);
};

/** Powers with an exponent known when the model is written are guarded; no loss has another one. */
export const emitPow: Emitter<"pow"> = (node, inputs, context) => {
  const { writer, can, graph } = context;
  const [x, y] = [operandAt(inputs, 0), operandAt(inputs, 1)];
  const exponent = operandNode(graph, node, 1);
  if (can.powersEveryBase || exponent.op !== "constant") return writer.node("Pow", [x, y]);
  const { value } = exponent.attrs;
  const base = { x, dtype: node.dtype };
  const one = writer.scalar(1, node.dtype);
  if (Number.isNaN(value)) {
    return writer.node("Where", [writer.node("Equal", [x, one]), one, writer.scalar(NaN, node.dtype)]);
  }
  if (Math.abs(value) === Infinity) return infinitePower(base, value > 0, context);
  // x⁰ is 1 even for NaN.
  if (value === 0) return writer.node("Where", [writer.node("Equal", [x, x]), one, one]);
  // 0 to a negative power is infinite, and an infinity to a negative power 0.
  return value < 0
    ? writer.node("Div", [one, positivePower(base, -value, context)])
    : positivePower(base, value, context);
};

interface Base {
  readonly x: string;
  readonly dtype: DType;
}

function positivePower({ x, dtype }: Base, exponent: number, context: EmitContext): string {
  const { writer } = context;
  if (exponent === 1) return x;
  const power = writer.node("Pow", [x, writer.scalar(exponent, dtype)]);
  const zero = writer.scalar(0, dtype);
  if (Number.isInteger(exponent)) {
    if (exponent % 2 === 0) return whereNumber(x, power, context);
    // NaN and the zeros of both signs are odd powers of themselves.
    const isPlain = writer.node("Less", [zero, writer.node("Abs", [x])]);
    return writer.node("Where", [isPlain, power, x]);
  }
  // The square of the root is 0 at zeros of both signs, which a small power misses, and NaN at NaN and below 0; but of -∞ the power
  // is ∞.
  const root = writer.node("Sqrt", [x]);
  const lowest = writer.node("Equal", [x, writer.scalar(-Infinity, dtype)]);
  const outside = writer.node("Where", [lowest, writer.scalar(Infinity, dtype), writer.node("Mul", [root, root])]);
  return writer.node("Where", [writer.node("Less", [zero, x]), power, outside]);
}

/** x to the power of ∞: 0 for |x| < 1, ∞ beyond, 1 at ±1; of -∞ the other way round. */
function infinitePower({ x, dtype }: Base, isPositive: boolean, { writer }: EmitContext): string {
  const size = writer.node("Abs", [x]);
  const one = writer.scalar(1, dtype);
  const below = writer.scalar(isPositive ? 0 : Infinity, dtype);
  const beyond = writer.scalar(isPositive ? Infinity : 0, dtype);
  const rest = writer.node("Where", [writer.node("Less", [one, size]), beyond, size]);
  return writer.node("Where", [writer.node("Less", [size, one]), below, rest]);
}
