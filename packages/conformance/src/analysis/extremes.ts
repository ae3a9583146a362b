import { isFloat, type DType, type NodeOf } from "@losses/core";
import {
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
import { linesAlong } from "./strides.js";

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

/** The extreme of ranges lies between the extremes of their ends; NaN wins. */
export function boundExtreme(node: NodeOf<"reduceMax" | "reduceMin">, x: Bounds, to: Bounds): void {
  const extreme = node.op === "reduceMax" ? maximumOf : minimumOf;
  const nothing = extremeOfNothing(node.op, x.dtype);
  const { starts, steps } = linesAlong(x.shape, node.attrs.axes);
  for (let o = 0; o < starts.length; o++) {
    let span: Span = { low: nothing, high: nothing, nan: false };
    for (const step of steps) span = extreme(span, spanAt(x, at(starts, o) + step));
    put(to, o, span);
  }
}

/** No number is beyond it. */
function extremeOfNothing(op: "reduceMax" | "reduceMin", dtype: DType): number {
  if (isFloat(dtype)) return op === "reduceMax" ? -Infinity : Infinity;
  return op === "reduceMax" ? leastInteger : greatestInteger;
}
