import { operandAt, type DType, type FloatDType, type NodeOf } from "@losses/core";
import type { EmitContext, Emitter } from "./context.js";
import { whereNumber } from "./guards.js";

// Functions that ONNX does not have, or that ONNX Runtime computes less exactly than their definition asks for: its shaders may be off
// by thousands of units in the last place near 0, and its processor has some in float32 alone. Arithmetic is exact everywhere.

/** The unit roundoff that terms of a series are left out below. */
const precision: { readonly [K in FloatDType]: number } = { float16: 2 ** -27, float32: 2 ** -27, float64: 2 ** -56 };

/** The coefficients of a series in z as far as they count for |z| up to `limit`. */
function series(coefficient: (n: number) => number, limit: number, dtype: FloatDType): readonly number[] {
  const coefficients: number[] = [];
  for (let n = 0; n === 0 || Math.abs(coefficient(n)) * limit ** n > precision[dtype]; n++) {
    coefficients.push(coefficient(n));
  }
  return coefficients;
}

/** c₀ + z(c₁ + z(c₂ + …)) */
function polynomial(z: string, coefficients: readonly number[], f: Scalars): string {
  const [last = 0, ...rest] = [...coefficients].reverse();
  return rest.reduce((sum, c) => f.add(f.mul(sum, z), f.number(c)), f.number(last));
}

/** Arithmetic on values of one dtype. */
interface Scalars {
  readonly dtype: FloatDType;
  readonly number: (value: number) => string;
  readonly add: (a: string, b: string) => string;
  readonly sub: (a: string, b: string) => string;
  readonly mul: (a: string, b: string) => string;
  readonly div: (a: string, b: string) => string;
  readonly abs: (a: string) => string;
  readonly neg: (a: string) => string;
  readonly less: (a: string, b: string) => string;
  readonly where: (condition: string, yes: string, no: string) => string;
}

function scalars(dtype: FloatDType, { writer }: EmitContext): Scalars {
  const op =
    (opType: string) =>
    (...inputs: readonly string[]): string =>
      writer.node(opType, inputs);
  return {
    dtype,
    number: (value) => writer.scalar(value, dtype),
    add: op("Add"),
    sub: op("Sub"),
    mul: op("Mul"),
    div: op("Div"),
    abs: op("Abs"),
    neg: op("Neg"),
    less: op("Less"),
    where: op("Where"),
  };
}

type FunctionEmitter = (
  node: NodeOf<"expm1" | "log1p" | "tanh" | "atan" | "erf">,
  inputs: readonly string[],
  context: EmitContext,
) => string;

/** An emitter of a function of floats: NaN gives NaN on every device. */
function emitFunction(write: (x: string, f: Scalars, context: EmitContext) => string): FunctionEmitter {
  return (node, inputs, context) => {
    const x = operandAt(inputs, 0);
    // An op of floats: its rule says so.
    return whereNumber(x, write(x, scalars(node.dtype as FloatDType, context), context), context);
  };
}

/** The processor's own kernel, where it has one for the dtype. */
function kernelOr(
  opType: string,
  dtypes: readonly FloatDType[],
  write: (x: string, f: Scalars, context: EmitContext) => string,
): FunctionEmitter {
  const formula = emitFunction(write);
  return (node, inputs, context) =>
    context.can.hasFunctionKernels && dtypes.some((dtype) => dtype === node.dtype)
      ? context.writer.node(opType, inputs)
      : formula(node, inputs, context);
}

/** x(1 + x/2! + x²/3! + …) for |x| < ½, elsewhere eˣ - 1. */
function expm1(x: string, f: Scalars, { writer }: EmitContext): string {
  const limit = 0.5;
  const coefficients = series((n) => 1 / factorial(n + 1), limit, f.dtype);
  const near = f.mul(x, polynomial(x, coefficients, f));
  const far = f.sub(writer.node("Exp", [x]), f.number(1));
  return f.where(f.less(f.abs(x), f.number(limit)), near, far);
}

/** log(1 + x) = 2s(1 + s²/3 + s⁴/5 + …), s = x / (2 + x), for -½ ≤ x ≤ 1. */
function nearLog1p(x: string, f: Scalars): string {
  const s = f.div(x, f.add(x, f.number(2)));
  const coefficients = series((n) => 2 / (2 * n + 1), 1 / 9, f.dtype);
  return f.mul(s, polynomial(f.mul(s, s), coefficients, f));
}

/** The sum for -½ < x < 1; elsewhere log(1 + x), where 1 + x has lost nothing that counts. */
function log1p(x: string, f: Scalars, context: EmitContext): string {
  const { writer } = context;
  const isNear = writer.node("And", [f.less(f.number(-0.5), x), f.less(x, f.number(1))]);
  return f.where(isNear, nearLog1p(x, f), coarseLog(f.add(x, f.number(1)), f, context));
}

/** The logarithm: -Infinity at 0 and NaN below on every device; between ½ and 2 a shader may be off by 2⁻²¹. */
function coarseLog(x: string, f: Scalars, { writer, can }: EmitContext): string {
  const log = writer.node("Log", [x]);
  if (can.logIsExact) return log;
  const [zero, lowest] = [f.number(0), f.number(-Infinity)];
  const outside = f.where(writer.node("Equal", [x, zero]), lowest, f.number(Number.NaN));
  return f.where(f.less(zero, x), log, outside);
}

/** log x = log(1 + (x - 1)), where x - 1 is exact. */
export const emitLog: Emitter<"log"> = (node, inputs, context) => {
  const x = operandAt(inputs, 0);
  const { writer, can } = context;
  const f = scalars(node.dtype as FloatDType, context);
  const coarse = coarseLog(x, f, context);
  if (can.logIsExact) return coarse;
  const isNear = writer.node("And", [f.less(f.number(0.5), x), f.less(x, f.number(2))]);
  return f.where(isNear, nearLog1p(f.sub(x, f.number(1)), f), coarse);
};

/** log(1 + e) for e = exp(-|x|), dtype of x. */
export function log1pOfShare(e: string, dtype: DType, context: EmitContext): string {
  const { writer, can } = context;
  const f = scalars(dtype as FloatDType, context);
  if (!can.logIsExact) return nearLog1p(e, f);
  // With u = 1 + e rounded: log u + (e - (u - 1)).
  const one = f.number(1);
  const u = f.add(e, one);
  return f.add(writer.node("Log", [u]), f.sub(e, f.sub(u, one)));
}

/** tanh |x| = -e / (e + 2), e = exp(-2|x|) - 1. */
function tanh(x: string, f: Scalars, context: EmitContext): string {
  const e = expm1(f.mul(f.abs(x), f.number(-2)), f, context);
  const size = f.div(f.neg(e), f.add(e, f.number(2)));
  return withSign(x, size, f);
}

/**
 * t(1 - t²/3 + t⁴/5 - …), with |x| = tan(a) brought below tan(π/8): atan x = π/4 + atan((x - 1) / (x + 1)), and from tan(3π/8) on
 * atan x = π/2 - atan(1 / x).
 */
function atan(x: string, f: Scalars): string {
  const [first, second] = [Math.tan(Math.PI / 8), Math.tan((3 * Math.PI) / 8)];
  const one = f.number(1);
  const size = f.abs(x);
  const [isNear, isMiddle] = [f.less(size, f.number(first)), f.less(size, f.number(second))];
  const choose = (near: string, middle: string, far: string): string =>
    f.where(isNear, near, f.where(isMiddle, middle, far));
  const t = choose(size, f.div(f.sub(size, one), f.add(size, one)), f.div(f.number(-1), size));
  const coefficients = series((n) => (-1) ** n / (2 * n + 1), first ** 2, f.dtype);
  const angle = f.mul(t, polynomial(f.mul(t, t), coefficients, f));
  const offset = choose(f.number(0), f.number(Math.PI / 4), f.number(Math.PI / 2));
  return withSign(x, f.add(offset, angle), f);
}

/**
 * 2/√π x(1 - x²/3 + x⁴/10 - …) for |x| < ½; elsewhere 1 - erfc |x|, of which the trapezoidal rule for
 * erfc x = 2x/π e^(-x²) ∫₀^∞ e^(-t²) / (t² + x²) dt, with the residue at its pole, leaves an error of e^(-π²/h²):
 *
 * `2hx/π e^(-x²) (1 / 2x² + Σ e^(-n²h²) / (n²h² + x²)) - 2 / (e^(2πx/h) - 1)`
 */
function erf(x: string, f: Scalars, { writer }: EmitContext): string {
  const limit = 0.5;
  const coefficients = series(
    (n) => (((-1) ** n / factorial(n)) * 2) / Math.sqrt(Math.PI) / (2 * n + 1),
    0.25,
    f.dtype,
  );
  const square = f.mul(x, x);
  const near = f.mul(x, polynomial(square, coefficients, f));

  // Beyond 6 erfc is less than the last place of 1.
  const size = writer.node("Min", [f.abs(x), f.number(6)]);
  const own = f.mul(size, size);
  const h = f.dtype === "float64" ? 0.5 : 0.7;
  const weights = series((n) => Math.exp(-(((n + 1) * h) ** 2)), 1, f.dtype);
  const half = f.div(f.number(0.5), own);
  const sum = weights.reduceRight<string | undefined>((rest, weight, n) => {
    const term = f.div(f.number(weight), f.add(own, f.number(((n + 1) * h) ** 2)));
    return rest === undefined ? term : f.add(rest, term);
  }, undefined);
  const exp = (value: string): string => writer.node("Exp", [value]);
  const scale = f.mul(f.mul(size, f.number((2 * h) / Math.PI)), exp(f.neg(own)));
  const rule = f.mul(scale, sum === undefined ? half : f.add(half, sum));
  const pole = f.div(f.number(2), f.sub(exp(f.mul(size, f.number((2 * Math.PI) / h))), f.number(1)));
  const far = f.add(f.sub(f.number(1), rule), pole);
  return f.where(f.less(f.abs(x), f.number(limit)), near, withSign(x, far, f));
}

function withSign(x: string, size: string, f: Scalars): string {
  return f.where(f.less(x, f.number(0)), f.neg(size), size);
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

export const emitExpm1: FunctionEmitter = emitFunction(expm1);
export const emitLog1p: FunctionEmitter = emitFunction(log1p);
export const emitTanh: FunctionEmitter = kernelOr("Tanh", ["float32", "float64"], tanh);
export const emitAtan: FunctionEmitter = kernelOr("Atan", ["float32"], atan);
export const emitErf: FunctionEmitter = kernelOr("Erf", ["float32"], erf);
