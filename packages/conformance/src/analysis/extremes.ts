import { isFloat, type DType, type NodeOf } from "@losses/core";
import {
  allocate,
  at,
  greatestInteger,
  isNoNumber,
  leastInteger,
  mayBeNegativeZero,
  noNumber,
  put,
  spanAt,
  type Bounds,
  type Span,
} from "./bounded.js";
import { linesAlong } from "./layout.js";

/** The extreme of ranges lies between the extremes of their ends; NaN wins. */
export function boundExtreme(
  node: NodeOf<"reduceMax"> | NodeOf<"reduceMin">,
  x: Bounds,
  shape: readonly number[],
): Bounds {
  const f = node.op === "reduceMax" ? Math.max : Math.min;
  const start = extremeOfNothing(node.op, x.dtype);
  const result = allocate(shape, x.dtype);
  const { starts, steps } = linesAlong(x.shape, node.attrs.axes);
  for (let o = 0; o < starts.length; o++) {
    let value = start;
    let span: Span = { low: start, high: start, nan: false };
    let [mayBeEither, isNothing] = [false, false];
    for (const step of steps) {
      const p = at(starts, o) + step;
      const own = spanAt(x, p);
      value = f(value, at(x.value, p));
      if (isNoNumber(own)) isNothing = true;
      if (mayBeNegativeZero(own)) mayBeEither = true;
      span = { low: f(span.low, own.low), high: f(span.high, own.high), nan: span.nan || own.nan };
    }
    // Which of two zeros is taken is left to the machine.
    if (span.low === 0 && mayBeEither) span = { ...span, low: -0 };
    put(result, o, value, isNothing ? noNumber : span);
  }
  return result;
}

/** No number is beyond it. */
function extremeOfNothing(op: "reduceMax" | "reduceMin", dtype: DType): number {
  if (isFloat(dtype)) return op === "reduceMax" ? -Infinity : Infinity;
  return op === "reduceMax" ? leastInteger : greatestInteger;
}
