import { isFloat, operandAt, operandNode, type DType } from "@losses/core";
import { elementType } from "../format.js";
import type { EmitContext, Emitter } from "./context.js";

// ONNX Runtime's Where on the processor passes over its operands three times and takes memory twice, so what a condition chooses
// between numbers is computed from the condition.

export const emitWhere: Emitter<"where"> = (node, inputs, context) => {
  const { writer, graph } = context;
  const [c, yes, no] = [operandAt(inputs, 0), operandAt(inputs, 1), operandAt(inputs, 2)];
  if (operandNode(graph, node, 1).dtype !== "bool") {
    return choose(c, yes, no, node.dtype, context);
  }
  // ONNX Runtime has no Where over bool: (c ∧ a) ∨ (¬c ∧ b)
  return either(writer.node("And", [c, yes]), writer.node("And", [writer.node("Not", [c]), no]), context);
};

/** `yes` where a condition holds, `no` elsewhere. */
export function choose(condition: string, yes: string, no: string, dtype: DType, context: EmitContext): string {
  const { writer, takes } = context;
  const [a, b] = [writer.numberOf(yes), writer.numberOf(no)];
  if (takes("conditions as numbers") && isFloat(dtype)) {
    if (isFactor(a) && Object.is(b, 0)) return times(condition, a, dtype, context);
    if (isFactor(b) && Object.is(a, 0)) return times(writer.node("Not", [condition]), b, dtype, context);
  }
  return writer.node("Where", [condition, yes, no]);
}

/** A condition as the number that it is worth where it holds. */
export function times(condition: string, worth: number, dtype: DType, { writer }: EmitContext): string {
  const holds = writer.node("Cast", [condition], { to: elementType[dtype] });
  if (worth === 1) return holds;
  return worth === -1 ? writer.node("Neg", [holds]) : writer.node("Mul", [holds, writer.scalar(worth, dtype)]);
}

/** True for a number that a condition can be worth. */
export function isFactor(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value !== 0;
}

// ONNX Runtime's WebGPU provider lacks Or.
export function either(a: string, b: string, { writer, can }: EmitContext): string {
  if (can.hasOr) return writer.node("Or", [a, b]);
  return writer.node("Not", [writer.node("And", [writer.node("Not", [a]), writer.node("Not", [b])])]);
}
