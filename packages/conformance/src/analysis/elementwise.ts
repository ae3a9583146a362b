import { opTable, type NodeOf, type UnaryOp } from "@losses/core";
import { allocate, at, type Bounded } from "./bounded.js";
import { broadcastOffsets } from "./layout.js";
import { isExactDType, isRepresentable, quantum, type Precision } from "./precision.js";
import { ends, rounded, spread } from "./rounding.js";

/** Arithmetic of one operand. All are monotone, apart from abs, which never spreads its operand's error. */
export const unaryFunctions: { readonly [K in Exclude<UnaryOp, "not">]: (x: number) => number } = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: (x) => Number(x > 0) - Number(x < 0),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  relu: (x) => (x <= 0 ? 0 : x),
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

export type ArithmeticOp = "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum";

const binaryFunctions: { readonly [K in ArithmeticOp]: (x: number, y: number) => number } = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: power,
  maximum: Math.max,
  minimum: Math.min,
};

/** A monotone function: its range is known from the ends of the operand's. */
export function boundUnary(
  op: Exclude<UnaryOp, "not">,
  x: Bounded,
  nonNegative: boolean,
  precision: Precision,
): Bounded {
  const f = unaryFunctions[op];
  const result = allocate(x.shape, x.dtype);
  for (let i = 0; i < result.value.length; i++) {
    const y = f(at(x.value, i));
    const [low, high] = ends(at(x.value, i), at(x.error, i), nonNegative ? 0 : undefined);
    result.value[i] = y;
    result.error[i] = rounded(y, spread(y, [f(low), f(high)]), opTable[op].ulp, precision);
  }
  return result;
}

/** `clampMin` and `clampMax`: the bound itself may have been rounded. */
export function boundClamp(node: NodeOf<"clampMin"> | NodeOf<"clampMax">, x: Bounded, precision: Precision): Bounded {
  const { bound } = node.attrs;
  const f = node.op === "clampMin" ? Math.max : Math.min;
  const [lowBound, highBound] = ends(bound, constantError(bound, precision));
  const result = allocate(x.shape, x.dtype);
  for (let i = 0; i < result.value.length; i++) {
    const y = f(at(x.value, i), bound);
    const [low, high] = ends(at(x.value, i), at(x.error, i));
    result.value[i] = y;
    result.error[i] = spread(y, [f(low, lowBound), f(high, highBound)]);
  }
  return result;
}

/** What storing a number in the dtype costs. */
export function constantError(value: number, precision: Precision): number {
  if (precision.dtype === "float64" || !Number.isFinite(value) || isRepresentable(value, precision)) return 0;
  return rounded(value, 0, 0.5, precision);
}

/** Arithmetic of two operands, monotone in each on either side of 0: the range is known from the corners. */
export function boundArithmetic(
  op: ArithmeticOp,
  x: Bounded,
  y: Bounded,
  shape: readonly number[],
  nonNegative: readonly [boolean, boolean],
  precision: Precision,
): Bounded {
  const f = binaryFunctions[op];
  const result = allocate(shape, x.dtype);
  const [xs, ys] = [broadcastOffsets(x.shape, shape), broadcastOffsets(y.shape, shape)];
  const exact = isExactDType(x.dtype);
  for (let i = 0; i < result.value.length; i++) {
    const [p, q] = [at(xs, i), at(ys, i)];
    const [a, b, ea, eb] = [at(x.value, p), at(y.value, q), at(x.error, p), at(y.error, q)];
    const z = f(a, b);
    result.value[i] = z;
    if (ea === 0 && eb === 0) {
      result.error[i] = exact ? 0 : rounded(z, 0, exactPair(op, a, b) ? 0.5 : opTable[op].ulp, precision);
      continue;
    }
    const [la, ha] = ends(a, ea, nonNegative[0] ? 0 : undefined);
    const [lb, hb] = ends(b, eb, nonNegative[1] ? 0 : undefined);
    const inherited = singular(op, la, ha, lb, hb)
      ? Infinity
      : spread(z, [f(la, lb), f(la, hb), f(ha, lb), f(ha, hb), ...(la < 0 && ha > 0 ? [f(0, lb), f(0, hb)] : [])]);
    result.error[i] = exact ? inherited : rounded(z, inherited, opTable[op].ulp, precision);
  }
  return result;
}

/** Quotients by powers of two and powers of 0 and 1: exact wherever the op is right at all. */
function exactPair(op: ArithmeticOp, x: number, y: number): boolean {
  if (op === "div") return x === 0 || (y !== 0 && Number.isFinite(y) && Math.abs(y) === quantum(y));
  return op === "pow" && (x === 0 || x === 1 || y === 0);
}

/** True where the operands' ranges hold a point at which the result jumps or is not defined. */
function singular(op: ArithmeticOp, lx: number, hx: number, ly: number, hy: number): boolean {
  if (op === "div") return ly < hy && ly <= 0 && hy >= 0;
  return op === "pow" && lx < hx && lx <= 0 && (ly < 0 || (lx < 0 && !(ly === hy && Number.isInteger(ly))));
}

/** x to the power y, with 1 to any power being 1 as in IEEE 754 and PyTorch. */
function power(x: number, y: number): number {
  return x === 1 ? 1 : x ** y;
}
