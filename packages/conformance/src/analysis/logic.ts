import type { NodeOf } from "@losses/core";
import { allocate, at, hull, isExact, isNoNumber, put, spanAt, type Bounds, type Span } from "./bounded.js";
import { broadcastOffsets } from "./layout.js";

/** What a decision can be: `yes` and `no` are certain, `open` depends on the machine. */
export const yes: Span = { low: 1, high: 1, nan: false };
export const no: Span = { low: 0, high: 0, nan: false };
export const open: Span = { low: 0, high: 1, nan: false };

type Comparison = "equal" | "less" | "lessOrEqual";

const comparisons: { readonly [K in Comparison]: (x: number, y: number) => boolean } = {
  equal: (x, y) => x === y,
  less: (x, y) => x < y,
  lessOrEqual: (x, y) => x <= y,
};

/**
 * A comparison; open where the operands' ranges overlap.
 *
 * @param known decisions, by element, that follow from more than the ranges
 */
export function boundComparison(
  node: NodeOf<Comparison>,
  x: Bounds,
  y: Bounds,
  shape: readonly number[],
  known?: (i: number) => Span | undefined,
): Bounds {
  const result = allocate(shape, "bool");
  const [xs, ys] = [broadcastOffsets(x.shape, shape), broadcastOffsets(y.shape, shape)];
  const isSame = node.inputs[0] === node.inputs[1];
  const f = comparisons[node.op];
  for (let i = 0; i < result.value.length; i++) {
    const [p, q] = [at(xs, i), at(ys, i)];
    const [a, b] = [spanAt(x, p), spanAt(y, q)];
    const decided = known?.(i) ?? (isSame ? withItself(node.op, a) : decide(node.op, a, b));
    put(result, i, f(at(x.value, p), at(y.value, q)) ? 1 : 0, decided);
  }
  return result;
}

/** NaN compares false with everything. */
function decide(op: Comparison, a: Span, b: Span): Span {
  if (isNoNumber(a) || isNoNumber(b)) return no;
  const mayHold = op === "equal" ? a.low <= b.high && b.low <= a.high : comparisons[op](a.low, b.high);
  if (!mayHold) return no;
  const isNumber = !a.nan && !b.nan;
  const mustHold = op === "equal" ? isExact(a) && isExact(b) : comparisons[op](a.high, b.low);
  return isNumber && mustHold ? yes : open;
}

/** Every number equals itself. */
function withItself(op: Comparison, x: Span): Span {
  if (op === "less" || isNoNumber(x)) return no;
  return x.nan ? open : yes;
}

/** `and` and `or`: decided by one operand alone where that one suffices. */
export function boundLogic(op: "and" | "or", x: Bounds, y: Bounds, shape: readonly number[]): Bounds {
  const f = op === "and" ? Math.min : Math.max;
  const result = allocate(shape, "bool");
  const [xs, ys] = [broadcastOffsets(x.shape, shape), broadcastOffsets(y.shape, shape)];
  for (let i = 0; i < result.value.length; i++) {
    const [p, q] = [at(xs, i), at(ys, i)];
    const [a, b] = [spanAt(x, p), spanAt(y, q)];
    const span = { low: f(a.low, b.low), high: f(a.high, b.high), nan: false };
    put(result, i, f(at(x.value, p), at(y.value, q)), span);
  }
  return result;
}

export function boundNot(x: Bounds): Bounds {
  const result = allocate(x.shape, "bool");
  for (let i = 0; i < result.value.length; i++) {
    put(result, i, 1 - at(x.value, i), { low: 1 - at(x.high, i), high: 1 - at(x.low, i), nan: false });
  }
  return result;
}

/** The side that the condition takes; both sides where it is open. */
export function boundWhere(condition: Bounds, x: Bounds, y: Bounds, shape: readonly number[]): Bounds {
  const result = allocate(shape, x.dtype);
  const cs = broadcastOffsets(condition.shape, shape);
  const [xs, ys] = [broadcastOffsets(x.shape, shape), broadcastOffsets(y.shape, shape)];
  for (let i = 0; i < result.value.length; i++) {
    const [c, p, q] = [at(cs, i), at(xs, i), at(ys, i)];
    const [a, b] = [spanAt(x, p), spanAt(y, q)];
    const [least, most] = [at(condition.low, c), at(condition.high, c)];
    const value = at(condition.value, c) !== 0 ? at(x.value, p) : at(y.value, q);
    put(result, i, value, least !== most ? hull(a, b) : least === 1 ? a : b);
  }
  return result;
}
