import { binary, expand, select } from "./broadcast.js";
import { keepNaN } from "./nan.js";
import { fill, scalar, type Runtime, type Value } from "./runtime.js";

// Kernels of the engines that compute on a GPU are one line of shader each. Where that line is wrong at the edges, or
// loses digits, the op is composed of others.

export function isOnGpu(rt: Runtime): boolean {
  return rt.device === "webgl" || rt.device === "webgpu";
}

/** x / y where y may be 0 or infinite: the kernel of webgl answers 1 wherever x = y, also to 0/0 and ∞/∞. */
export function divide(rt: Runtime, x: Value, y: Value, shape: readonly number[]): Value {
  if (rt.device !== "webgl") return binary(rt, "RealDiv", x, y, shape);
  const isDegenerate = rt.kernel("Equal", { a: y, b: rt.kernel("Add", { a: y, b: y }) });
  const product = rt.kernel("Multiply", { a: x, b: rt.kernel("Reciprocal", { x: y }) });
  return select(rt, isDegenerate, product, rt.kernel("RealDiv", { a: x, b: y }), shape);
}

/** eˣ; the kernel of webgpu answers ∞ to NaN. */
export function exponential(rt: Runtime, x: Value): Value {
  const result = rt.kernel("Exp", { x });
  return rt.device === "webgpu" ? keepNaN(rt, x, result) : result;
}

/** xʸ for a finite y. */
export function finitePower(rt: Runtime, x: Value, y: Value, shape: readonly number[]): Value {
  if (!isOnGpu(rt)) return binary(rt, "Pow", x, y, shape);
  // These kernels multiply by the sign of x, which makes 0⁻¹ a product of 0 and infinity, and lose NaN on webgl.
  const zero = scalar(rt, 0, "float32");
  const constant = (value: number): Value => fill(rt, y.shape, value, "float32");
  const is = (kernel: string, operand: Value): Value => rt.kernel(kernel, { a: operand, b: zero });
  // 0ʸ, still without y = 0 and NaN
  const ofZero = select(rt, is("Less", y), constant(Infinity), constant(0), y.shape);
  const [a, b] = [expand(rt, x, shape), expand(rt, y, shape)];
  const usual = select(rt, is("Equal", a), ofZero, rt.kernel("Pow", { a, b }), shape);
  return select(rt, is("Equal", y), constant(1), keepNaN(rt, b, keepNaN(rt, a, usual)), shape);
}

/** xʸ. IEEE 754 says 1 to 1 to any power, and to (-1) to ±∞; the kernels of JavaScript and of GPUs say NaN. */
export function power(rt: Runtime, x: Value, y: Value, shape: readonly number[]): Value {
  const usual = finitePower(rt, x, y, shape);
  if (rt.device === "wasm" || rt.device === "tensorflow") return usual;
  const is = (a: Value, value: number): Value => rt.kernel("Equal", { a, b: scalar(rt, value, "float32") });
  const isInfinite = is(rt.kernel("Abs", { x: y }), Infinity);
  const both = rt.kernel("LogicalAnd", { a: expand(rt, is(x, -1), shape), b: expand(rt, isInfinite, shape) });
  const isOne = rt.kernel("LogicalOr", { a: expand(rt, is(x, 1), shape), b: both });
  return select(rt, isOne, scalar(rt, 1, "float32"), usual, shape);
}

/** 1 / (1 + e⁻ˣ), NaN where x is. */
export function sigmoid(rt: Runtime, x: Value): Value {
  const result = rt.kernel("Sigmoid", { x });
  return isOnGpu(rt) ? keepNaN(rt, x, result) : result;
}

// 2·artanh(√z)/√z for z in [0, 1/9], to 4·10⁻⁹
const series = [2.000000007681759, 0.6666632164138003, 0.4002459523071185, 0.2796515774455717, 0.2815777836660226];

/**
 * log(1 + eˣ) = max(x, 0) + log(1 + e) with e = e^-|x|, and log(1 + e) = 2·artanh(e / (2 + e)). The kernels' log(1 + e)
 * has lost the digits of e before it starts.
 */
export function softplus(rt: Runtime, x: Value): Value {
  if (!isOnGpu(rt)) return rt.kernel("Softplus", { x });
  const plus = (a: Value, value: number): Value => rt.kernel("Add", { a, b: scalar(rt, value, "float32") });
  const times = (a: Value, b: Value): Value => rt.kernel("Multiply", { a, b });
  const e = rt.kernel("Exp", { x: rt.kernel("Neg", { x: rt.kernel("Abs", { x }) }) });
  const s = rt.kernel("RealDiv", { a: e, b: plus(e, 2) });
  const z = times(s, s);
  const [last = 0, ...rest] = [...series].reverse();
  const start = times(z, scalar(rt, last, "float32"));
  const sum = rest.reduce((sum, term, i) => plus(i === 0 ? sum : times(sum, z), term), start);
  return rt.kernel("Add", { a: rt.kernel("Relu", { x }), b: times(s, sum) });
}
