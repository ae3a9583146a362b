import { opTable, type NodeOf } from "@losses/core";
import { at, hull, isExact, isNoNumber, put, spanAt, type Bounds, type Span } from "./bounded.js";
import { broadcastOffsets } from "./strides.js";

/** What a decision can be: `yes` and `no` are certain, `open` depends on the machine. */
export const yes: Span = { low: 1, high: 1, nan: false };
export const no: Span = { low: 0, high: 0, nan: false };
export const open: Span = { low: 0, high: 1, nan: false };

type Comparison = "equal" | "less" | "lessOrEqual";

const holds = (op: Comparison, x: number, y: number): boolean => opTable[op].at([x, y], {}) !== 0;

/**
 * A comparison; open where the operands' ranges overlap.
 *
 * @param known decisions, by element, that follow from more than the ranges
 */
export function boundComparison(
  node: NodeOf<Comparison>,
  x: Bounds,
  y: Bounds,
  to: Bounds,
  known?: (i: number) => Span | undefined,
): void {
  const [xs, ys] = [broadcastOffsets(x.shape, to.shape), broadcastOffsets(y.shape, to.shape)];
  const isSame = node.inputs[0] === node.inputs[1];
  for (let i = 0; i < to.value.length; i++) {
    const [a, b] = [spanAt(x, at(xs, i)), spanAt(y, at(ys, i))];
    put(to, i, known?.(i) ?? (isSame ? withItself(node.op, a) : decide(node.op, a, b)));
  }
}

/** NaN compares false with everything. */
function decide(op: Comparison, a: Span, b: Span): Span {
  if (isNoNumber(a) || isNoNumber(b)) return no;
  const mayHold = op === "equal" ? a.low <= b.high && b.low <= a.high : holds(op, a.low, b.high);
  if (!mayHold) return no;
  const isNumber = !a.nan && !b.nan;
  const mustHold = op === "equal" ? isExact(a) && isExact(b) : holds(op, a.high, b.low);
  return isNumber && mustHold ? yes : open;
}

/** Every number equals itself. */
function withItself(op: Comparison, x: Span): Span {
  if (op === "less" || isNoNumber(x)) return no;
  return x.nan ? open : yes;
}

/** `and` and `or`: decided by one operand alone where that one suffices. */
export function boundLogic(op: "and" | "or", x: Bounds, y: Bounds, to: Bounds): void {
  const f = op === "and" ? Math.min : Math.max;
  const [xs, ys] = [broadcastOffsets(x.shape, to.shape), broadcastOffsets(y.shape, to.shape)];
  for (let i = 0; i < to.value.length; i++) {
    const [a, b] = [spanAt(x, at(xs, i)), spanAt(y, at(ys, i))];
    put(to, i, { low: f(a.low, b.low), high: f(a.high, b.high), nan: false });
  }
}

/** The side that the condition takes; both sides where it is open. */
export function boundWhere(condition: Bounds, x: Bounds, y: Bounds, to: Bounds): void {
  const cs = broadcastOffsets(condition.shape, to.shape);
  const [xs, ys] = [broadcastOffsets(x.shape, to.shape), broadcastOffsets(y.shape, to.shape)];
  for (let i = 0; i < to.value.length; i++) {
    const c = at(cs, i);
    const [a, b] = [spanAt(x, at(xs, i)), spanAt(y, at(ys, i))];
    const [least, most] = [at(condition.low, c), at(condition.high, c)];
    put(to, i, least !== most ? hull(a, b) : least === 1 ? a : b);
  }
}
