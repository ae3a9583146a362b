import { erf, power, type BinaryOp, type UnaryOp } from "@losses/core";
import { exp } from "./exp.js";

/**
 * One element-wise op over `n` elements of the arena: operands start at `a`, `b`, `c`, the result at `o`.
 * Conditions are stored as 0 and 1. The result may overwrite an operand exactly.
 */
export type ElementwiseKernel = (S: Float64Array, o: number, a: number, b: number, c: number, n: number) => void;

/** Ops of one operand; relu is a maximum. */
export type UnaryKernel =
  Exclude<UnaryOp, "relu"> | "copy" | "negInteger" | "truncate" | "truth" | "round32" | "finiteOrZero" | "reciprocal";

export type BinaryKernel = BinaryOp | "addInteger" | "subInteger" | "mulInteger" | "isPlace";

export type KernelName = UnaryKernel | BinaryKernel | "where";

// Every offset handed to a kernel lies in the arena by construction, hence the casts from `number | undefined`.
// Loops read and write one Float64Array only, so that they stay monomorphic; choices between two operands are made by
// computing the offset to read from (a branch on random data costs more than the whole element).

function neg(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = -(S[a + i] as number);
}

function negInteger(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = -(S[a + i] as number) | 0;
}

function abs(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = Math.abs(S[a + i] as number);
}

function sign(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) {
    const x = S[a + i] as number;
    S[o + i] = +(x > 0) - +(x < 0);
  }
}

function log(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = Math.log(S[a + i] as number);
}

/** A function that costs so much more than its call that the loop may be shared. */
function each(f: (x: number) => number): ElementwiseKernel {
  return (S, o, a, _b, _c, n) => {
    for (let i = 0; i < n; i++) S[o + i] = f(S[a + i] as number);
  };
}

function floor(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = Math.floor(S[a + i] as number);
}

function sqrt(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = Math.sqrt(S[a + i] as number);
}

function reciprocal(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = 1 / (S[a + i] as number);
}

function sigmoid(S: Float64Array, o: number, a: number, b: number, c: number, n: number): void {
  // 1 / (1 + e⁻ˣ): e⁻ˣ overflows only where the result is below the smallest normal number.
  neg(S, o, a, b, c, n);
  exp(S, o, o, b, c, n);
  for (let i = 0; i < n; i++) S[o + i] = 1 / (1 + (S[o + i] as number));
}

function softplus(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) {
    const x = S[a + i] as number;
    const size = Math.abs(x);
    // max(x, 0) = (x + |x|) / 2, but for -inf
    const positive = x === -Infinity ? 0 : 0.5 * (x + size);
    S[o + i] = positive + Math.log1p(Math.exp(-size));
  }
}

function not(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = 1 - (S[a + i] as number);
}

function truncate(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  // The nearest integer that int32 holds, and 0 for NaN
  for (let i = 0; i < n; i++) {
    const x = S[a + i] as number;
    S[o + i] = x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : x | 0;
  }
}

function truth(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = +((S[a + i] as number) !== 0);
}

function round32(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = Math.fround(S[a + i] as number);
}

function finiteOrZero(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) {
    const x = S[a + i] as number;
    S[o + i] = x - x === 0 ? x : 0;
  }
}

function copy(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  if (o !== a) S.copyWithin(o, a, a + n);
}

function add(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  let i = 0;
  for (const end = n - 3; i < end; i += 4) {
    const p = (S[a + i] as number) + (S[b + i] as number);
    const q = (S[a + i + 1] as number) + (S[b + i + 1] as number);
    const r = (S[a + i + 2] as number) + (S[b + i + 2] as number);
    const s = (S[a + i + 3] as number) + (S[b + i + 3] as number);
    S[o + i] = p;
    S[o + i + 1] = q;
    S[o + i + 2] = r;
    S[o + i + 3] = s;
  }
  for (; i < n; i++) S[o + i] = (S[a + i] as number) + (S[b + i] as number);
}

function sub(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  let i = 0;
  for (const end = n - 3; i < end; i += 4) {
    const p = (S[a + i] as number) - (S[b + i] as number);
    const q = (S[a + i + 1] as number) - (S[b + i + 1] as number);
    const r = (S[a + i + 2] as number) - (S[b + i + 2] as number);
    const s = (S[a + i + 3] as number) - (S[b + i + 3] as number);
    S[o + i] = p;
    S[o + i + 1] = q;
    S[o + i + 2] = r;
    S[o + i + 3] = s;
  }
  for (; i < n; i++) S[o + i] = (S[a + i] as number) - (S[b + i] as number);
}

function mul(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  let i = 0;
  for (const end = n - 3; i < end; i += 4) {
    const p = (S[a + i] as number) * (S[b + i] as number);
    const q = (S[a + i + 1] as number) * (S[b + i + 1] as number);
    const r = (S[a + i + 2] as number) * (S[b + i + 2] as number);
    const s = (S[a + i + 3] as number) * (S[b + i + 3] as number);
    S[o + i] = p;
    S[o + i + 1] = q;
    S[o + i + 2] = r;
    S[o + i + 3] = s;
  }
  for (; i < n; i++) S[o + i] = (S[a + i] as number) * (S[b + i] as number);
}

function addInteger(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = ((S[a + i] as number) + (S[b + i] as number)) | 0;
}

function subInteger(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = ((S[a + i] as number) - (S[b + i] as number)) | 0;
}

function mulInteger(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = Math.imul(S[a + i] as number, S[b + i] as number);
}

function div(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = (S[a + i] as number) / (S[b + i] as number);
}

function pow(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = power(S[a + i] as number, S[b + i] as number);
}

function maximum(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  const step = a - b;
  for (let i = 0; i < n; i++) {
    const x = S[a + i] as number;
    S[o + i] = x !== x ? x : (S[b + i + Math.imul(step, +(x > (S[b + i] as number)))] as number);
  }
}

function minimum(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  const step = a - b;
  for (let i = 0; i < n; i++) {
    const x = S[a + i] as number;
    S[o + i] = x !== x ? x : (S[b + i + Math.imul(step, +(x < (S[b + i] as number)))] as number);
  }
}

function equal(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = +((S[a + i] as number) === (S[b + i] as number));
}

function less(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = +((S[a + i] as number) < (S[b + i] as number));
}

/** Whether x is a position in an axis of size y. */
function isPlace(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = +((S[a + i] as number) >= 0 && (S[a + i] as number) < (S[b + i] as number));
}

function lessOrEqual(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = +((S[a + i] as number) <= (S[b + i] as number));
}

function or(S: Float64Array, o: number, a: number, b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) S[o + i] = +((S[a + i] as number) + (S[b + i] as number) > 0);
}

function where(S: Float64Array, o: number, a: number, b: number, c: number, n: number): void {
  const step = b - c;
  for (let i = 0; i < n; i++) S[o + i] = S[c + i + Math.imul(step, S[a + i] as number)] as number;
}

/** Every element-wise kernel by name. `where` takes the condition first. */
export const elementwiseKernels: { readonly [K in KernelName]: ElementwiseKernel } = {
  copy,
  neg,
  negInteger,
  abs,
  sign,
  floor,
  exp,
  expm1: each(Math.expm1),
  log,
  log1p: each(Math.log1p),
  sqrt,
  tanh: each(Math.tanh),
  atan: each(Math.atan),
  erf: each(erf),
  sigmoid,
  softplus,
  not,
  truncate,
  truth,
  round32,
  finiteOrZero,
  reciprocal,
  add,
  sub,
  mul,
  addInteger,
  subInteger,
  mulInteger,
  div,
  pow,
  maximum,
  minimum,
  equal,
  less,
  lessOrEqual,
  isPlace,
  and: mul,
  or,
  where,
};
