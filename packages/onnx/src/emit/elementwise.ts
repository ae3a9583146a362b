import { operandAt, operandNode, type BinaryOp, type DType, type UnaryOp } from "@losses/core";
import { elementType } from "../format.js";
import { either, emitWhere } from "./where.js";
import type { EmitContext, EmitterTable } from "./context.js";
import { emitAtan, emitErf, emitExpm1, emitLog, emitLog1p, emitTanh, log1pOfShare } from "./functions.js";
import type { ModelWriter } from "./writer.js";
import { emitExp, emitPow, emitRelu, whereNumber } from "./guards.js";

/** The ONNX op that does exactly the same. */
function same(opType: string): (node: unknown, inputs: readonly string[], context: EmitContext) => string {
  return (_, inputs, { writer }) => writer.node(opType, inputs);
}

/** Element-wise ops. Where an ONNX op differs at NaN, an infinity or far out, it is written with others. */
export const elementwiseEmitters: Pick<
  EmitterTable,
  UnaryOp | BinaryOp | "where" | "clampMin" | "clampMax" | "cast" | "identity"
> = {
  neg: (node, inputs, context) => negative(operandAt(inputs, 0), node.dtype, context),
  abs: (node, inputs, context) => {
    const x = operandAt(inputs, 0);
    const { writer, can } = context;
    if (can.hasIntegerKernels || node.dtype !== "int32") return writer.node("Abs", [x]);
    return writer.node("Max", [x, negative(x, "int32", context)]);
  },
  sign: (node, inputs, { writer, can }) => {
    const x = operandAt(inputs, 0);
    // Sign of NaN is 0 or NaN, by its place, in ONNX Runtime; and its WebGPU provider has no Sign.
    if (can.hasIntegerKernels && node.dtype === "int32") return writer.node("Sign", [x]);
    const zero = writer.scalar(0, node.dtype);
    const below = writer.node("Where", [writer.node("Less", [x, zero]), writer.scalar(-1, node.dtype), zero]);
    return writer.node("Where", [writer.node("Less", [zero, x]), writer.scalar(1, node.dtype), below]);
  },
  floor: (_, inputs, context) => whereNumber(operandAt(inputs, 0), context.writer.node("Floor", inputs), context),
  exp: emitExp,
  expm1: emitExpm1,
  log: emitLog,
  log1p: emitLog1p,
  tanh: emitTanh,
  atan: emitAtan,
  erf: emitErf,
  sqrt: same("Sqrt"),
  relu: emitRelu,
  sigmoid: (node, inputs, context) => {
    const x = operandAt(inputs, 0);
    const { writer } = context;
    const one = writer.scalar(1, node.dtype);
    const shared = context.graph.nodes.some((other) => other.op === "softplus" && other.inputs[0] === node.inputs[0]);
    if (shared) {
      // With e = exp(-|x|), which softplus of the same x has computed: 1/(1+e) for x ≥ 0, e/(1+e) below.
      const e = expOfMinusAbs(x, context);
      const top = writer.node("Where", [writer.node("Less", [x, writer.scalar(0, node.dtype)]), e, one]);
      return whereNumber(x, writer.node("Div", [top, writer.node("Add", [e, one])]), context);
    }
    // Sigmoid itself saturates near ±18 in ONNX Runtime; an overflowing exp gives the right limit 0.
    const sum = writer.node("Add", [writer.node("Exp", [writer.node("Neg", [x])]), one]);
    return whereNumber(x, writer.node("Div", [one, sum]), context);
  },
  softplus: (node, inputs, context) => {
    const x = operandAt(inputs, 0);
    const { writer } = context;
    // log(1 + eˣ) = max(x, 0) + log(1 + e), e = exp(-|x|).
    const log1p = log1pOfShare(expOfMinusAbs(x, context), node.dtype, context);
    // max(NaN, 0) may be 0 on a GPU.
    return whereNumber(x, writer.node("Add", [writer.node("Relu", [x]), log1p]), context);
  },
  not: same("Not"),
  // Clip turns infinities into the largest finite number in ONNX Runtime; Max and Min do not.
  clampMin: (node, inputs, { writer }) =>
    writer.node("Max", [operandAt(inputs, 0), writer.scalar(node.attrs.bound, node.dtype)]),
  clampMax: (node, inputs, { writer }) =>
    writer.node("Min", [operandAt(inputs, 0), writer.scalar(node.attrs.bound, node.dtype)]),
  cast: (node, inputs, { writer }) => writer.node("Cast", inputs, { to: elementType[node.attrs.to] }),
  identity: (_, inputs) => operandAt(inputs, 0),
  add: same("Add"),
  sub: same("Sub"),
  mul: (_, inputs, { writer }) => {
    // Of x·(1/c) ONNX Runtime's optimiser makes x/c and forgets that this reads x: if x is such a quotient too, it is taken away from
    // under its readers. So 1/b·(1/c) is written as (1/b)/c.
    const [b, c] = inputs.map((input) => reciprocated(input, writer));
    return b === undefined || c === undefined
      ? writer.node("Mul", inputs)
      : writer.node("Div", [operandAt(inputs, 0), c]);
  },
  div: same("Div"),
  pow: emitPow,
  maximum: same("Max"),
  minimum: same("Min"),
  equal: (node, inputs, { writer, graph, can }) => {
    if (can.comparesBools || operandNode(graph, node, 0).dtype !== "bool") return writer.node("Equal", inputs);
    return writer.node(
      "Equal",
      inputs.map((x) => writer.node("Cast", [x], { to: elementType.int32 })),
    );
  },
  less: same("Less"),
  lessOrEqual: same("LessOrEqual"),
  and: same("And"),
  or: (_, inputs, context) => either(operandAt(inputs, 0), operandAt(inputs, 1), context),
  where: emitWhere,
};

/** What one has been divided by. */
function reciprocated(value: string, writer: ModelWriter): string | undefined {
  const [one = "", divisor] = writer.operandsOf("Div", value) ?? [];
  return Math.fround(writer.numberOf(one) ?? NaN) === 1 ? divisor : undefined;
}

// ONNX Runtime's WebGPU provider lacks Equal over bool, and Neg and Abs over int32.

function negative(x: string, dtype: DType, { writer, can }: EmitContext): string {
  if (can.hasIntegerKernels || dtype !== "int32") return writer.node("Neg", [x]);
  return writer.node("Sub", [writer.scalar(0, "int32"), x]);
}

function expOfMinusAbs(x: string, { writer }: EmitContext): string {
  return writer.node("Exp", [writer.node("Neg", [writer.node("Abs", [x])])]);
}
