import { binary, expand, select } from "./broadcast.js";
import { keepNaN } from "./nan.js";
import { elements, scalar, type Runtime, type TfDType, type Value } from "./runtime.js";

const largestFloat = (2 - 2 ** -23) * 2 ** 127;
const smallestFloat = 2 ** -149;

function clip(rt: Runtime, x: Value, low: number, high: number): Value {
  return rt.kernel("ClipByValue", { x }, { clipValueMin: low, clipValueMax: high });
}

/** The same values in another dtype. */
export function castTensor(rt: Runtime, x: Value, to: TfDType): Value {
  if (x.dtype === to) return x;
  // Cast to bool keeps the lowest byte on wasm.
  if (to === "bool") return rt.kernel("NotEqual", { a: x, b: scalar(rt, 0, x.dtype as TfDType) });
  const cast = rt.kernel("Cast", { x }, { dtype: to });
  // Cast to float32 keeps the integers: on cpu unrounded, on webgpu as integers, which not every kernel knows.
  return to === "float32" && (rt.device === "cpu" || rt.device === "webgpu")
    ? rt.kernel("Multiply", { a: cast, b: scalar(rt, 1, "float32") })
    : cast;
}

/** -x; the kernel Neg computes integers in float32 on wasm. */
export function negative(rt: Runtime, x: Value): Value {
  return x.dtype === "float32" ? rt.kernel("Neg", { x }) : rt.kernel("Sub", { a: scalar(rt, 0, "int32"), b: x });
}

/** |x|; the kernel Abs computes integers in float32. */
export function absolute(rt: Runtime, x: Value): Value {
  return x.dtype === "float32" ? rt.kernel("Abs", { x }) : extreme(rt, "Maximum", x, negative(rt, x), x.shape);
}

/** -1, 0 or 1, and 0 for NaN; on wasm the kernel Sign makes everything small 0. */
export function sign(rt: Runtime, x: Value): Value {
  if (x.dtype !== "float32") return rt.kernel("Sign", { x });
  if (rt.device === "wasm") {
    // x / |x| with infinities brought down and 0 divided by something
    const size = clip(rt, rt.kernel("Abs", { x }), smallestFloat, largestFloat);
    const ratio = rt.kernel("RealDiv", { a: clip(rt, x, -largestFloat, largestFloat), b: size });
    return select(rt, rt.kernel("IsNan", { x }), scalar(rt, 0, "float32"), ratio, x.shape);
  }
  const zero = scalar(rt, 0, "float32");
  const below = castTensor(rt, rt.kernel("Less", { a: x, b: zero }), "float32");
  return rt.kernel("Sub", { a: castTensor(rt, rt.kernel("Less", { a: zero, b: x }), "float32"), b: below });
}

/** Up to this size, the wasm engine's slow Maximum and Minimum cost less than the calls of several fast kernels. */
const fewElements = 256;

/** x brought into a range; NaN stays NaN, which the wasm engine's Relu and ClipByValue do not promise. */
function clamp(rt: Runtime, x: Value, kernel: "Maximum" | "Minimum", bound: number): Value {
  // Of a pair with a NaN, they keep the first.
  // Of four elements with a NaN among them, webgl's ClipByValue leaves all as they are, and its Relu makes NaN of -∞.
  if (rt.device === "webgl" || (rt.device === "wasm" && elements(x) <= fewElements))
    return rt.kernel(kernel, { a: x, b: scalar(rt, bound, "float32") });
  if (kernel === "Minimum") return keepNaN(rt, x, clip(rt, x, -Infinity, bound));
  if (bound !== 0) return keepNaN(rt, x, clip(rt, x, bound, Infinity));
  const result = rt.kernel("Relu", { x });
  return rt.device === "wasm" ? keepNaN(rt, x, result) : result;
}

/** max(x, 0) */
export function relu(rt: Runtime, x: Value): Value {
  return clamp(rt, x, "Maximum", 0);
}

export function clampMin(rt: Runtime, x: Value, bound: number): Value {
  return clamp(rt, x, "Maximum", bound);
}

export function clampMax(rt: Runtime, x: Value, bound: number): Value {
  return clamp(rt, x, "Minimum", bound);
}

/** The larger (`Maximum`) or smaller (`Minimum`) of two; NaN wins, which the kernels promise only on cpu. */
export function extreme(
  rt: Runtime,
  kernel: "Maximum" | "Minimum",
  x: Value,
  y: Value,
  shape: readonly number[],
): Value {
  if (rt.device === "cpu") return rt.kernel(kernel, { a: x, b: y });
  const [a, b] = [expand(rt, x, shape), expand(rt, y, shape)];
  const [low, high] = kernel === "Maximum" ? [a, b] : [b, a];
  // Where x is NaN the comparison is false and x is kept.
  const chosen = rt.kernel("Select", { condition: rt.kernel("Less", { a: low, b: high }), t: b, e: a });
  return a.dtype === "float32" ? keepNaN(rt, b, chosen) : chosen;
}

/** x = y where the operands broadcast; `small`: one of them is below 2²⁴. */
export function equal(rt: Runtime, x: Value, y: Value, shape: readonly number[], small: boolean): Value {
  if (rt.device !== "wasm" || !small || x.shape.length * y.shape.length === 0) return binary(rt, "Equal", x, y, shape);
  // The float difference broadcasts fast. Rounding the other operand cannot bring it down to a small one.
  const a = rt.kernel("Cast", { x }, { dtype: "float32" });
  const b = rt.kernel("Cast", { x: y }, { dtype: "float32" });
  return rt.kernel("Equal", { a: rt.kernel("Sub", { a, b }), b: scalar(rt, 0, "float32") });
}

/** Logical or numeric choice; the kernel Select is wrong for bool scalars on wasm. */
export function choose(
  rt: Runtime,
  condition: Value,
  whenTrue: Value,
  whenFalse: Value,
  shape: readonly number[],
): Value {
  if (whenTrue.dtype !== "bool") return select(rt, condition, whenTrue, whenFalse, shape);
  const taken = binary(rt, "LogicalAnd", condition, whenTrue, shape);
  const other = binary(rt, "LogicalAnd", rt.kernel("LogicalNot", { x: condition }), whenFalse, shape);
  return rt.kernel("LogicalOr", { a: taken, b: other });
}
