import type { DType, NodeOf, OpName, ElementwiseOp } from "@losses/core";
import type { Bytes } from "../assembler/bytes.js";
import { f32x4, i32x4, v128 } from "../assembler/instructions.js";
import { arctangent } from "./arctangent.js";
import { errorFunction, expm1, exponential, sigmoid, softplus, tanh } from "./exponentials.js";
import { log1p, logarithm } from "./logarithms.js";
import { power } from "./power.js";
import type { Writer } from "./writer.js";

// Four elements at a time, each of 32 bits: float32, int32, and bool as all bits 0 or 1.

/** What an op is computed from: its operands, each of which may be used more than once, and their dtype. */
export interface LaneContext {
  readonly operands: readonly Bytes[];
  readonly dtype: DType;
  readonly writer: Writer;
}

type Lanes<K extends OpName> = (context: LaneContext, node: NodeOf<K>) => Bytes;

type Op = (...operands: readonly Bytes[]) => Bytes;

function operandAt({ operands }: LaneContext, index: number): Bytes {
  const operand = operands[index];
  if (operand === undefined) throw new RangeError(`operand ${index} of ${operands.length} does not exist`);
  return operand;
}

/** One instruction for floats, one for integers. */
function both<K extends OpName>(float: Op, integer: Op): Lanes<K> {
  return (context) => (context.dtype === "float32" ? float : integer)(...context.operands);
}

function unary<K extends OpName>(compute: (writer: Writer, x: Bytes) => Bytes): Lanes<K> {
  return (context) => compute(context.writer, operandAt(context, 0));
}

/** A number of a graph in every lane. */
export function constant(value: number, dtype: DType): Bytes {
  if (dtype === "bool") return i32x4.const(value === 0 ? 0 : -1);
  return (dtype === "float32" ? f32x4 : i32x4).const(value);
}

function sign(context: LaneContext): Bytes {
  const { dtype, writer } = context;
  const isFloat = dtype === "float32";
  const x = operandAt(context, 0);
  const less = isFloat ? f32x4.lt : i32x4.lt;
  const [zero, one] = [constant(0, dtype), writer.constant(constant(1, dtype))];
  const [above, below] = [v128.and(less(zero, x), one), v128.and(less(x, zero), one)];
  return isFloat ? f32x4.sub(above, below) : i32x4.sub(above, below);
}

function cast(context: LaneContext, node: NodeOf<"cast">): Bytes {
  const x = operandAt(context, 0);
  const [from, to] = [context.dtype, node.attrs.to];
  if (from === to) return x;
  if (from === "bool") return v128.and(x, context.writer.constant(constant(1, to)));
  if (to === "bool") return (from === "float32" ? f32x4 : i32x4).ne(x, constant(0, from));
  return to === "float32" ? f32x4.fromInt(x) : i32x4.truncate(x);
}

function clamp(op: Op): (context: LaneContext, node: NodeOf<"clampMin" | "clampMax">) => Bytes {
  return (context, { attrs }) => op(operandAt(context, 0), context.writer.constant(f32x4.const(attrs.bound)));
}

/** How every element-wise op is computed. */
const table: { readonly [K in ElementwiseOp]: Lanes<K> } = {
  neg: both(f32x4.neg, i32x4.neg),
  abs: both(f32x4.abs, i32x4.abs),
  sign,
  floor: unary((_, x) => f32x4.floor(x)),
  exp: unary(exponential),
  expm1: unary(expm1),
  log: unary(logarithm),
  log1p: unary(log1p),
  sqrt: unary((_, x) => f32x4.sqrt(x)),
  tanh: unary(tanh),
  atan: unary(arctangent),
  erf: unary(errorFunction),
  relu: unary((_, x) => f32x4.pmax(x, f32x4.const(0))),
  sigmoid: unary(sigmoid),
  softplus: unary(softplus),
  not: unary((_, x) => v128.not(x)),
  identity: unary((_, x) => x),
  clampMin: clamp(f32x4.pmax),
  clampMax: clamp(f32x4.pmin),
  cast,
  add: both(f32x4.add, i32x4.add),
  sub: both(f32x4.sub, i32x4.sub),
  mul: both(f32x4.mul, i32x4.mul),
  div: (context) => f32x4.div(...context.operands),
  pow: (context) => power(context.writer, operandAt(context, 0), operandAt(context, 1)),
  maximum: both(f32x4.max, i32x4.max),
  minimum: both(f32x4.min, i32x4.min),
  equal: both(f32x4.eq, i32x4.eq),
  less: both(f32x4.lt, i32x4.lt),
  lessOrEqual: both(f32x4.le, i32x4.le),
  and: (context) => v128.and(...context.operands),
  or: (context) => v128.or(...context.operands),
  where: (context) => v128.select(operandAt(context, 1), operandAt(context, 2), operandAt(context, 0)),
};

/** The instructions that compute an element-wise node from its operands. */
export function lanes(node: NodeOf<ElementwiseOp>, context: LaneContext): Bytes {
  const compute = table[node.op] as Lanes<ElementwiseOp>;
  return compute(context, node);
}
