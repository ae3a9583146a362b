import { castTensor } from "./elementwise.js";
import { binary, expand, select } from "./broadcast.js";
import { keepNaN } from "./nan.js";
import { fill, scalar, type Runtime, type TfDType, type Value } from "./runtime.js";

// Kernels of the engines that compute on a GPU are one line of shader each. Where that line is wrong at the edges, or
// loses digits, the op is composed of others.

export function isOnGpu(rt: Runtime): boolean {
  return rt.device === "webgl" || rt.device === "webgpu";
}

/**
 * What work makes of x taken for floats: kernels of webgpu that move axes have no code for integers and bools, and leave in the
 * result what was in the memory before.
 */
export function asFloats(rt: Runtime, x: Value, work: (x: Value) => Value): Value {
  if (rt.device !== "webgpu" || x.dtype === "float32") return work(x);
  return castTensor(rt, work(castTensor(rt, x, "float32")), x.dtype as TfDType);
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

/**
 * log x, to 2⁻²¹ between ½ and 2. The kernel of webgpu answers 89 to NaN; where a device takes subnormal numbers for 0, those of
 * both may take 0 for one.
 */
export function coarseLogarithm(rt: Runtime, x: Value): Value {
  const result = rt.kernel("Log", { x });
  if (!isOnGpu(rt)) return result;
  const isZero = rt.kernel("Equal", { a: x, b: scalar(rt, 0, "float32") });
  return keepNaN(rt, x, select(rt, isZero, fill(rt, x.shape, -Infinity, "float32"), result, x.shape));
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
  const size = rt.kernel("Abs", { x: a });
  const power = rt.kernel("Pow", { a: size, b });
  const signed = select(rt, is("Less", a), ofNegative(rt, size, y, power), power, shape);
  const usual = select(rt, is("Equal", a), ofZero, signed, shape);
  return select(rt, is("Equal", y), constant(1), keepNaN(rt, b, keepNaN(rt, a, usual)), shape);
}

/** (-x)ʸ of xʸ: negative where y is odd; not a number where y is no integer and x finite. Infinite y are even. */
function ofNegative(rt: Runtime, x: Value, y: Value, power: Value): Value {
  const floor = (a: Value): Value => rt.kernel("Floor", { x: a });
  const half = rt.kernel("Multiply", { a: y, b: scalar(rt, 0.5, "float32") });
  const rest = rt.kernel("Sub", { a: half, b: floor(half) });
  const isOdd = rt.kernel("Equal", { a: rest, b: scalar(rt, 0.5, "float32") });
  const isWhole = expand(rt, rt.kernel("Equal", { a: floor(y), b: y }), power.shape);
  const isInfinite = rt.kernel("Equal", { a: x, b: scalar(rt, Infinity, "float32") });
  const isNumber = rt.kernel("LogicalOr", { a: isWhole, b: isInfinite });
  const even = select(rt, isNumber, power, fill(rt, power.shape, Number.NaN, "float32"), power.shape);
  return select(rt, isOdd, rt.kernel("Neg", { x: power }), even, power.shape);
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
