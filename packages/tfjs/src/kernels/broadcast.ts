import { fill, reshape, sameSizes, scalar, type Runtime, type Value } from "./runtime.js";

/** Kernels that the wasm engine broadcasts fast; its other kernels are about a hundred times slower at it. */
const fastOnWasm: ReadonlySet<string> = new Set(["Add", "Sub", "Multiply", "RealDiv"]);

/** An element-wise kernel of two operands that broadcast to `shape`. */
export function binary(rt: Runtime, kernel: string, a: Value, b: Value, shape: readonly number[]): Value {
  if (rt.device !== "wasm" || (fastOnWasm.has(kernel) && a.dtype === "float32")) return rt.kernel(kernel, { a, b });
  return rt.kernel(kernel, { a: unlessScalar(rt, a, shape), b: unlessScalar(rt, b, shape) });
}

// Scalars are broadcast fast by every kernel.
function unlessScalar(rt: Runtime, x: Value, shape: readonly number[]): Value {
  return x.shape.length === 0 ? x : expand(rt, x, shape);
}

/** Stretches axes of size 1, and adds leading ones. `small`: integers of at most 24 bits. */
export function expand(rt: Runtime, x: Value, shape: readonly number[], small = false): Value {
  if (sameSizes(x.shape, shape)) return x;
  const sizes = [...Array.from({ length: shape.length - x.shape.length }, () => 1), ...x.shape];
  const aligned = sameSizes(x.shape, sizes) ? x : reshape(rt, x, sizes);
  if (sameSizes(sizes, shape)) return aligned;
  if (rt.device !== "wasm")
    return rt.kernel("Tile", { x: aligned }, { reps: shape.map((size, i) => size / (sizes[i] ?? 1)) });
  return expandOnWasm(rt, aligned, shape, small);
}

// The wasm engine's Tile is slower by two orders of magnitude than its product with ones.
function expandOnWasm(rt: Runtime, x: Value, shape: readonly number[], small: boolean): Value {
  const stretched = (part: Value): Value => rt.kernel("Multiply", { a: fill(rt, shape, 1, "float32"), b: part });
  const cast = (part: Value, dtype: "float32" | "int32"): Value => rt.kernel("Cast", { x: part }, { dtype });
  switch (x.dtype) {
    case "float32":
      return stretched(x);
    case "bool":
      return rt.kernel("NotEqual", { a: stretched(cast(x, "float32")), b: scalar(rt, 0, "float32") });
    default: {
      if (small) return cast(stretched(cast(x, "float32")), "int32");
      // x = high · 2¹² + low with both parts exact in float32: high has 20 bits and a sign
      const step = scalar(rt, 4096, "int32");
      const high = rt.kernel("FloorDiv", { a: x, b: step });
      const low = rt.kernel("Sub", { a: x, b: rt.kernel("Multiply", { a: high, b: step }) });
      const parts = [high, low].map((part) => cast(stretched(cast(part, "float32")), "int32"));
      const [wideHigh = high, wideLow = low] = parts;
      return rt.kernel("Add", { a: rt.kernel("Multiply", { a: wideHigh, b: step }), b: wideLow });
    }
  }
}

/** Element by element `whenTrue` or `whenFalse`; the operands broadcast to `shape`. */
export function select(
  rt: Runtime,
  condition: Value,
  whenTrue: Value,
  whenFalse: Value,
  shape: readonly number[],
): Value {
  return rt.kernel("Select", {
    condition: expand(rt, condition, shape),
    t: expand(rt, whenTrue, shape),
    e: expand(rt, whenFalse, shape),
  });
}
