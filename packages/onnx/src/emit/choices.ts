import { isFloat, nodeAt, type DType, type NodeOf } from "@losses/core";
import { elementType } from "../format.js";
import { operand, type EmitContext, type Emitter } from "./context.js";
import { emitQuotientByNorm } from "./norms.js";

// ONNX Runtime's Where on the processor passes over its operands three times and takes memory twice, so what a condition chooses
// between numbers is computed from the condition.

export const emitWhere: Emitter<"where"> = (node, inputs, context) => {
  const { writer, graph } = context;
  const [c, yes, no] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
  if (nodeAt(graph, node.inputs[1] ?? -1).dtype !== "bool") {
    return (
      emitQuotientByNorm(node, inputs, context) ??
      emitShare(node, c, context) ??
      choose(c, yes, no, node.dtype, context)
    );
  }
  // ONNX Runtime has no Where over bool: (c ∧ a) ∨ (¬c ∧ b)
  return either(writer.node("And", [c, yes]), writer.node("And", [writer.node("Not", [c]), no]), context);
};

/** `yes` where a condition holds, `no` elsewhere. */
export function choose(condition: string, yes: string, no: string, dtype: DType, context: EmitContext): string {
  const { writer, provider } = context;
  const [a, b] = [writer.numberOf(yes), writer.numberOf(no)];
  if (provider === "cpu" && isFloat(dtype)) {
    if (isFactor(a) && Object.is(b, 0)) return times(condition, a, dtype, context);
    if (isFactor(b) && Object.is(a, 0)) return times(writer.node("Not", [condition]), b, dtype, context);
  }
  return writer.node("Where", [condition, yes, no]);
}

/** A condition as the number that it is worth where it holds. */
function times(condition: string, worth: number, dtype: DType, { writer }: EmitContext): string {
  const holds = writer.node("Cast", [condition], { to: elementType[dtype] });
  if (worth === 1) return holds;
  return worth === -1 ? writer.node("Neg", [holds]) : writer.node("Mul", [holds, writer.scalar(worth, dtype)]);
}

function isFactor(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value !== 0;
}

/** `where(c, a / n, 0) = where(c, a, 0) / n` for a number a of which each of n elements gets its share. */
function emitShare(node: NodeOf<"where">, condition: string, context: EmitContext): string | undefined {
  const { graph, writer, sizes, provider, hasElements } = context;
  const [, yes, no] = node.inputs.map((id) => nodeAt(graph, id));
  if (provider !== "cpu" || !hasElements || node.shape.length === 0) return undefined;
  if (yes?.op !== "div" || no?.op !== "constant" || !Object.is(no.attrs.value, 0)) return undefined;
  const [whole, count] = yes.inputs.map((id) => nodeAt(graph, id));
  if (whole?.op !== "constant" || !isFactor(whole.attrs.value) || count?.op !== "dimSize") return undefined;
  const taken = times(condition, whole.attrs.value, count.attrs.dtype, context);
  return writer.node("Div", [taken, sizes.productLine(count.attrs.dims, count.attrs.dtype)]);
}

// ONNX Runtime's WebGPU provider lacks Or.
export function either(a: string, b: string, { writer, provider }: EmitContext): string {
  if (provider === "cpu") return writer.node("Or", [a, b]);
  return writer.node("Not", [writer.node("And", [writer.node("Not", [a]), writer.node("Not", [b])])]);
}
