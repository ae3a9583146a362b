import { relu } from "./elementwise.js";
import { coarseLogarithm, exponential, isOnGpu } from "./gpu.js";
import { evaluatedFunction, isInMemory } from "./memory.js";
import { fill, scalar, type Runtime, type Value } from "./runtime.js";

// The GPU engines' kernels of these functions are one line of shader each: eˣ - 1, log(1 + x), a builtin that may be wrong in
// the fourth digit. There they are composed of kernels that are right. The error function is so everywhere, for what other
// engines compute is Abramowitz and Stegun's five-term formula, which has seven digits near 1 and fewer near 0.

const plus = (rt: Runtime, a: Value, b: Value | number): Value => rt.kernel("Add", { a, b: operand(rt, b) });
const times = (rt: Runtime, a: Value, b: Value | number): Value => rt.kernel("Multiply", { a, b: operand(rt, b) });
const over = (rt: Runtime, a: Value | number, b: Value): Value => rt.kernel("RealDiv", { a: operand(rt, a), b });
const isBelow = (rt: Runtime, a: Value, b: number): Value => rt.kernel("Less", { a, b: operand(rt, b) });

function operand(rt: Runtime, x: Value | number): Value {
  return typeof x === "number" ? scalar(rt, x, "float32") : x;
}

/** c₀ + c₁x + c₂x² + … */
function polynomial(rt: Runtime, x: Value, coefficients: readonly number[]): Value {
  const [last = 0, ...rest] = [...coefficients].reverse();
  return rest.reduce<Value>((sum, c, i) => plus(rt, i === 0 ? times(rt, x, last) : times(rt, sum, x), c), x);
}

function choice(rt: Runtime, condition: Value, whenTrue: Value, whenFalse: Value): Value {
  return rt.kernel("Select", { condition, t: whenTrue, e: whenFalse });
}

/** The value where x is not below 0, its negative where it is. */
function withSignOf(rt: Runtime, x: Value, value: Value): Value {
  return choice(rt, isBelow(rt, x, 0), rt.kernel("Neg", { x: value }), value);
}

// √z·coth(√z/2) for z in [0, 1], to 3·10⁻⁸
const coth = [2, 0.16666661743986447, -0.0027768853203435275, 6.37307563475342e-5];

/** eˣ - 1 = 2x / (x·coth(x/2) - x) */
export function expm1(rt: Runtime, x: Value): Value {
  if (!isOnGpu(rt)) return rt.kernel("Expm1", { x });
  const near = over(rt, times(rt, x, 2), rt.kernel("Sub", { a: polynomial(rt, times(rt, x, x), coth), b: x }));
  const far = plus(rt, exponential(rt, x), -1);
  return choice(rt, isBelow(rt, rt.kernel("Abs", { x }), 1), near, far);
}

/** tanh x = 2x / (2x·coth x), and 1 - 2 / (e²ˣ + 1) for larger ones */
export function tanh(rt: Runtime, x: Value): Value {
  if (!isOnGpu(rt)) return rt.kernel("Tanh", { x });
  const [size, twice] = [rt.kernel("Abs", { x }), times(rt, x, 2)];
  const near = over(rt, twice, polynomial(rt, times(rt, twice, twice), coth));
  const quotient = over(rt, 2, plus(rt, exponential(rt, times(rt, size, 2)), 1));
  const far = withSignOf(rt, x, rt.kernel("Sub", { a: operand(rt, 1), b: quotient }));
  return choice(rt, isBelow(rt, size, 0.5), near, far);
}

// 2·artanh(√z)/√z in z, from 0 to 1/9, to 4·10⁻⁹
const twiceArtanh = [2.000000007681759, 0.6666632164138003, 0.4002459523071185, 0.2796515774455717, 0.2815777836660226];

/** log(1 + x) = 2·artanh(x / (2 + x)), for x from -½ to 1. */
function nearLog1p(rt: Runtime, x: Value): Value {
  const divisor = plus(rt, x, 2);
  const ratio = over(rt, x, divisor);
  // The last factor is near 1: x stays what it is where the ratio is too small for a float.
  return times(rt, x, over(rt, polynomial(rt, times(rt, ratio, ratio), twiceArtanh), divisor));
}

export function log1p(rt: Runtime, x: Value): Value {
  // The wasm engine's kernel is log(1 + x).
  if (rt.device === "wasm") return evaluatedFunction(rt, "log1p", x);
  if (!isOnGpu(rt)) return rt.kernel("Log1p", { x });
  const isNear = rt.kernel("LogicalAnd", {
    a: rt.kernel("Greater", { a: x, b: operand(rt, -0.5) }),
    b: isBelow(rt, x, 1),
  });
  return choice(rt, isNear, nearLog1p(rt, x), coarseLogarithm(rt, plus(rt, x, 1)));
}

/** log x = log(1 + (x - 1)), where x - 1 is exact. */
export function logarithm(rt: Runtime, x: Value): Value {
  const coarse = coarseLogarithm(rt, x);
  if (!isOnGpu(rt)) return coarse;
  const isNear = rt.kernel("LogicalAnd", {
    a: rt.kernel("Greater", { a: x, b: operand(rt, 0.5) }),
    b: isBelow(rt, x, 2),
  });
  return choice(rt, isNear, nearLog1p(rt, plus(rt, x, -1)), coarse);
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e) with e = e^-|x|. */
export function softplus(rt: Runtime, x: Value): Value {
  if (!isOnGpu(rt)) return rt.kernel("Softplus", { x });
  const e = rt.kernel("Exp", { x: rt.kernel("Neg", { x: rt.kernel("Abs", { x }) }) });
  return plus(rt, relu(rt, x), nearLog1p(rt, e));
}

// atan(u)/u in u² for u up to tan(π/8), to 3·10⁻⁹
const arctangent = [
  1, -0.33333331862906757, 0.19999559411274367, -0.14264505189757862, 0.10748843140458417, -0.06466795590811786,
];

/** atan x = π/2 - atan(1/x) = π/4 + atan((x - 1) / (x + 1)) */
export function atan(rt: Runtime, x: Value): Value {
  if (!isOnGpu(rt)) return rt.kernel("Atan", { x });
  const size = rt.kernel("Abs", { x });
  const isLarge = rt.kernel("Greater", { a: size, b: operand(rt, 1 + Math.SQRT2) });
  const isSmall = isBelow(rt, size, Math.SQRT2 - 1);
  const all = (value: number): Value => fill(rt, x.shape, value, "float32");
  const middle = over(rt, plus(rt, size, -1), plus(rt, size, 1));
  const u = choice(rt, isLarge, over(rt, -1, size), choice(rt, isSmall, size, middle));
  const start = choice(rt, isLarge, all(Math.PI / 2), choice(rt, isSmall, all(0), all(Math.PI / 4)));
  const angle = plus(rt, start, times(rt, u, polynomial(rt, times(rt, u, u), arctangent)));
  // NaN is neither large nor small, and (NaN - 1) / (NaN + 1).
  return withSignOf(rt, x, angle);
}

// erf(x)/x in x² for x up to 1, to 2·10⁻⁹
const errorNear = [
  1.128379165913643, -0.3761262713565895, 0.1128360017379072, -0.026854444507011715, 0.005189535197415926,
  -0.0008020840141539365, 7.889116022385956e-5,
];
// e^(x²)·(1 - erf x) in 1 / (1 + 0.4x) for x from 1 on, to 2·10⁻⁹ of erf
const errorFar = [
  0.007565809658083863, 0.15243338991807864, 0.5088411705651372, -0.3348804753074137, 0.6667670161572892,
];

/** The error function. */
export function erf(rt: Runtime, x: Value): Value {
  if (isInMemory(rt.device)) return evaluatedFunction(rt, "erf", x);
  const [size, square] = [rt.kernel("Abs", { x }), times(rt, x, x)];
  const near = times(rt, x, polynomial(rt, square, errorNear));
  const shrunk = over(rt, 1, plus(rt, times(rt, size, 0.4), 1));
  const rest = times(rt, exponential(rt, rt.kernel("Neg", { x: square })), polynomial(rt, shrunk, errorFar));
  const far = withSignOf(rt, x, rt.kernel("Sub", { a: operand(rt, 1), b: rest }));
  return choice(rt, isBelow(rt, size, 1), near, far);
}
