import { isFloat, opTable, unitRoundoff, type DType, type NodeOf, type UnaryOp } from "@losses/core";
import {
  allocate,
  asInteger,
  at,
  between,
  exactly,
  isNoNumber,
  mayBeNegativeZero,
  noNumber,
  put,
  spanAt,
} from "./bounded.js";
import type { Bounds, Span } from "./bounded.js";
import type { Precision } from "./precision.js";
import { rounded } from "./rounding.js";

type NumericUnaryOp = Exclude<UnaryOp, "not">;

/** Arithmetic of one operand. All are monotone, apart from abs. */
export const unaryFunctions: { readonly [K in NumericUnaryOp]: (x: number) => number } = {
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

/** A monotone function: its range is known from the ends of the operand's. */
export function boundUnary(op: NumericUnaryOp, x: Bounds, precision: Precision): Bounds {
  const f = unaryFunctions[op];
  const { ulp } = opTable[op];
  const result = allocate(x.shape, x.dtype);
  for (let i = 0; i < result.value.length; i++) {
    const operand = spanAt(x, i);
    const span = image(op, f, operand);
    const value = f(at(x.value, i));
    if (x.dtype === "int32") put(result, i, value, asInteger(span));
    else put(result, i, value, ulp > 0 ? rounded(span, ulp, operand.low === operand.high, precision) : span);
  }
  return result;
}

function image(op: NumericUnaryOp, f: (x: number) => number, x: Span): Span {
  const { low, high, nan } = x;
  if (op === "sign") return signOf(f, x);
  if (isNoNumber(x)) return noNumber;
  switch (op) {
    case "neg":
      return { low: -high, high: -low, nan };
    case "abs":
      return { low: low < 0 && high > 0 ? 0 : Math.min(f(low), f(high)), high: Math.max(f(low), f(high)), nan };
    case "relu":
      return { low: low <= 0 && mayBeNegativeZero(x) ? -0 : f(low), high: f(high), nan };
    case "log":
    case "sqrt":
      // NaN below 0
      if (high < 0) return noNumber;
      return between(f(low < 0 ? 0 : low), f(high), nan || low < 0);
    default:
      return between(f(low), f(high), nan);
  }
}

/** The sign of NaN is 0. */
function signOf(f: (x: number) => number, x: Span): Span {
  const [low, high] = isNoNumber(x) ? [0, 0] : [f(x.low), f(x.high)];
  const zero = mayBeNegativeZero(x) ? -0 : 0;
  return { low: Math.min(low === 0 ? zero : low, x.nan ? 0 : low), high: Math.max(high, x.nan ? 0 : high), nan: false };
}

/** `clampMin` and `clampMax`: the bound itself may have been rounded. */
export function boundClamp(node: NodeOf<"clampMin"> | NodeOf<"clampMax">, x: Bounds, precision: Precision): Bounds {
  const bound = constantOf(node.attrs.bound, node.dtype, precision);
  const extreme = node.op === "clampMin" ? maximumOf : minimumOf;
  const f = node.op === "clampMin" ? Math.max : Math.min;
  const result = allocate(x.shape, x.dtype);
  for (let i = 0; i < result.value.length; i++) {
    put(result, i, f(at(x.value, i), node.attrs.bound), extreme(spanAt(x, i), bound));
  }
  return result;
}

/** The larger of two; NaN wins. Which of two zeros is taken is left to the machine. */
export function maximumOf(a: Span, b: Span): Span {
  if (isNoNumber(a) || isNoNumber(b)) return noNumber;
  const low = Math.max(a.low, b.low);
  const isVague = low === 0 && (mayBeNegativeZero(a) || mayBeNegativeZero(b));
  return { low: isVague ? -0 : low, high: Math.max(a.high, b.high), nan: a.nan || b.nan };
}

/** The smaller of two; NaN wins. */
export function minimumOf(a: Span, b: Span): Span {
  if (isNoNumber(a) || isNoNumber(b)) return noNumber;
  return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high), nan: a.nan || b.nan };
}

/** What a number that is written in a graph becomes in a machine. */
export function constantOf(value: number, dtype: DType, precision: Precision): Span {
  const span = exactly(value);
  const isKept = !isFloat(dtype) || precision.unit === unitRoundoff("float64") || !Number.isFinite(value);
  return isKept ? span : rounded(span, 0.5, true, precision);
}

/** The same value in another dtype. */
export function boundCast(node: NodeOf<"cast">, x: Bounds, precision: Precision): Bounds {
  const { to } = node.attrs;
  const result = allocate(x.shape, to);
  for (let i = 0; i < result.value.length; i++) {
    const value = at(x.value, i);
    const operand = spanAt(x, i);
    if (isFloat(to)) put(result, i, value, rounded(operand, 0.5, operand.low === operand.high, precision));
    else if (to === "bool") put(result, i, value === 0 ? 0 : 1, truthOf(operand));
    else put(result, i, Math.trunc(value), truncated(operand));
  }
  return result;
}

/** Everything but 0 is true, NaN too. */
function truthOf(x: Span): Span {
  const mayBeZero = x.low <= 0 && x.high >= 0;
  const mayBeOther = x.nan || x.low < 0 || x.high > 0;
  return { low: mayBeZero ? 0 : 1, high: mayBeOther ? 1 : 0, nan: false };
}

function truncated({ low, high, nan }: Span): Span {
  return asInteger({ low: Math.trunc(low), high: Math.trunc(high), nan });
}
