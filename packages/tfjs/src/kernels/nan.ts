import { scalar, type Runtime, type Value } from "./runtime.js";

/** NaN where x is, else the result. */
export function keepNaN(rt: Runtime, x: Value, result: Value): Value {
  if (rt.device !== "wasm") return rt.kernel("Select", { condition: rt.kernel("IsNan", { x }), t: x, e: result });
  // step x is 0, 1 or NaN: three fast kernels instead of two slow ones
  const nothing = rt.kernel("Multiply", { a: rt.kernel("Step", { x }, { alpha: 0 }), b: scalar(rt, 0, "float32") });
  return rt.kernel("Add", { a: result, b: nothing });
}
