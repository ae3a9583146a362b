import { nodeAt, opTable, type Graph, type NodeOf } from "@losses/core";
import { allocate, at, type Bounded } from "./bounded.js";
import { broadcastOffsets } from "./layout.js";

type Truth = 0 | 1 | "open";

/** A comparison; open where the operands' ranges overlap. */
export function boundComparison(
  node: NodeOf<"equal"> | NodeOf<"less"> | NodeOf<"lessOrEqual">,
  x: Bounded,
  y: Bounded,
  shape: readonly number[],
  graph: Graph,
): Bounded {
  const result = allocate(shape, "bool");
  const [xs, ys] = [broadcastOffsets(x.shape, shape), broadcastOffsets(y.shape, shape)];
  const [left = -1, right = -1] = node.inputs;
  const same = left === right;
  const sign = extremeOf(graph, right, left);
  const extreme =
    node.op === "equal" && sign !== undefined
      ? attained(x, xs, ys, y.value.length, sign, isCorrectlyRounded(graph, left))
      : undefined;
  for (let i = 0; i < result.value.length; i++) {
    const [p, q] = [at(xs, i), at(ys, i)];
    const [a, b, ea, eb] = [at(x.value, p), at(y.value, q), at(x.error, p), at(y.error, q)];
    const value = compare(node.op, a, b) ? 1 : 0;
    const doubt = same && ea < Infinity ? 0 : ea + eb;
    // A NaN equals nothing, not even the extreme that it became.
    const none = extreme !== undefined && Number.isNaN(b) ? 0 : undefined;
    const truth = none ?? extreme?.[i] ?? (doubt === 0 ? value : decide(node.op, a, b, doubt));
    result.value[i] = truth === "open" ? value : truth;
    result.error[i] = truth === "open" ? 1 : 0;
  }
  return result;
}

function compare(op: "equal" | "less" | "lessOrEqual", a: number, b: number): boolean {
  if (op === "equal") return a === b;
  return op === "less" ? a < b : a <= b;
}

function decide(op: "equal" | "less" | "lessOrEqual", a: number, b: number, doubt: number): Truth {
  if (doubt === Infinity) return "open";
  // NaN compares false with everything, whatever the other operand's error.
  if (Number.isNaN(a) || Number.isNaN(b)) return 0;
  if (Math.abs(a - b) <= doubt * (1 + 2 ** -50) + (Math.abs(a) + Math.abs(b)) * 2 ** -52) return "open";
  return op !== "equal" && a < b ? 1 : 0;
}

/** 1 or -1 if `node` is the maximum or minimum of `source`, put back into its shape. */
function extremeOf(graph: Graph, id: number, source: number): 1 | -1 | undefined {
  const node = nodeAt(graph, id);
  if (node.op === "expand" || node.op === "unsqueeze" || node.op === "squeeze") {
    return extremeOf(graph, node.inputs[0] ?? -1, source);
  }
  if ((node.op !== "reduceMax" && node.op !== "reduceMin") || node.inputs[0] !== source) return undefined;
  return node.op === "reduceMax" ? 1 : -1;
}

/** True if every op that led to a node rounds correctly: then equal operands give equal results, bit for bit. */
function isCorrectlyRounded(graph: Graph, id: number): boolean {
  const node = nodeAt(graph, id);
  if (node.op === "reduceSum" || opTable[node.op].ulp > 0.5) return false;
  return node.inputs.every((input) => isCorrectlyRounded(graph, input));
}

/**
 * Where elements meet the extreme of their own line. The extreme is one of the elements, bit for bit, so an element
 * that no other can reach is certainly it, however large its error. So are all that reach it if they come from equal
 * numbers in the same correctly rounded way, which shows in equal values with equal errors.
 */
function attained(
  x: Bounded,
  elements: Int32Array,
  lines: Int32Array,
  count: number,
  sign: 1 | -1,
  repeatable: boolean,
): readonly (Truth | undefined)[] {
  const bar = new Float64Array(count).fill(-Infinity);
  for (let i = 0; i < elements.length; i++) {
    const p = at(elements, i);
    const least = sign * at(x.value, p) - at(x.error, p);
    if (!(least <= at(bar, at(lines, i)))) bar[at(lines, i)] = least;
  }
  const reaches = (i: number): boolean => {
    const p = at(elements, i);
    return !(sign * at(x.value, p) + at(x.error, p) < at(bar, at(lines, i)));
  };
  const candidates = new Int32Array(count);
  const vague = new Uint8Array(count);
  const [values, errors] = [new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < elements.length; i++) {
    if (!reaches(i)) continue;
    const line = at(lines, i);
    const [value, error] = [at(x.value, at(elements, i)), at(x.error, at(elements, i))];
    if (at(candidates, line) === 0) [values[line], errors[line]] = [value, error];
    candidates[line] = at(candidates, line) + 1;
    const alike = repeatable && value === values[line] && error === errors[line];
    if (error > 0 && !alike) vague[line] = 1;
  }
  return Array.from(elements, (p, i) => {
    const line = at(lines, i);
    if (Number.isNaN(at(bar, line)) || at(x.error, p) === Infinity) return undefined;
    if (!reaches(i)) return 0;
    return at(candidates, line) === 1 || at(vague, line) === 0 ? 1 : "open";
  });
}

/** `and` and `or`: decided by one operand alone where that one suffices. */
export function boundLogic(op: "and" | "or", x: Bounded, y: Bounded, shape: readonly number[]): Bounded {
  const result = allocate(shape, "bool");
  const [xs, ys] = [broadcastOffsets(x.shape, shape), broadcastOffsets(y.shape, shape)];
  const decisive = op === "and" ? 0 : 1;
  for (let i = 0; i < result.value.length; i++) {
    const [p, q] = [at(xs, i), at(ys, i)];
    const [a, b, ea, eb] = [at(x.value, p), at(y.value, q), at(x.error, p), at(y.error, q)];
    result.value[i] = op === "and" ? a * b : Math.max(a, b);
    const settled = (ea === 0 && a === decisive) || (eb === 0 && b === decisive);
    result.error[i] = settled ? 0 : Math.max(ea, eb);
  }
  return result;
}

/** The side that the condition takes; both sides where it is open. */
export function boundWhere(condition: Bounded, x: Bounded, y: Bounded, shape: readonly number[]): Bounded {
  const result = allocate(shape, x.dtype);
  const [cs, xs, ys] = [condition, x, y].map((operand) => broadcastOffsets(operand.shape, shape));
  if (cs === undefined || xs === undefined || ys === undefined) return result;
  for (let i = 0; i < result.value.length; i++) {
    const [c, p, q] = [at(cs, i), at(xs, i), at(ys, i)];
    const takesX = at(condition.value, c) !== 0;
    const value = takesX ? at(x.value, p) : at(y.value, q);
    const other = takesX ? at(y.value, q) : at(x.value, p);
    const [own, others] = takesX ? [at(x.error, p), at(y.error, q)] : [at(y.error, q), at(x.error, p)];
    const apart = Object.is(value, other) || value === other ? 0 : Math.abs(value - other);
    result.value[i] = value;
    result.error[i] =
      at(condition.error, c) === 0 ? own : Math.max(own, Number.isNaN(apart) ? Infinity : apart + others);
  }
  return result;
}
