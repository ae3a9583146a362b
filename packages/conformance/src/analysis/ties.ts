import { isElementwise, opTable, type Node, type NodeOf } from "@losses/core";
import { at, isExact, isNoNumber, spanAt, type Bounds, type Span } from "./bounded.js";
import type { Context } from "./context.js";
import { broadcastOffsets, linesAlong, sliceOffsets, transposeOffsets } from "./strides.js";
import { no, yes } from "./logic.js";
import { startOf } from "./movement.js";

/** A node, and for each element of another the position of the same number in it. */
interface Origin {
  readonly id: number;
  readonly positions: Int32Array;
}

/** Where the numbers of a node come from, through ops that only move them. */
function originOf(context: Context, id: number): Origin {
  const node = nodeOf(context, id);
  const [inner = -1] = node.inputs;
  const shape = shapeOf(context, id);
  const source = shapeOf(context, inner);
  switch (node.op) {
    case "identity":
    case "unsqueeze":
    case "squeeze":
    case "reshape":
      return originOf(context, inner);
    case "expand":
      return moved(originOf(context, inner), broadcastOffsets(source, shape));
    case "transpose":
      return moved(originOf(context, inner), transposeOffsets(source, node.attrs.perm));
    case "slice":
      return moved(
        originOf(context, inner),
        sliceOffsets(source, shape, node.attrs, startOf(node.attrs, shape, context.sizes)),
      );
    default:
      return { id, positions: Int32Array.from({ length: context.values[id]?.value.length ?? 0 }, (_, i) => i) };
  }
}

function nodeOf({ graph }: Context, id: number): Node {
  const node = graph.nodes[id];
  if (node === undefined) throw new RangeError(`analyze: node %${id} must exist, got none.`);
  return node;
}

function moved({ id, positions }: Origin, offsets: Int32Array): Origin {
  return { id, positions: offsets.map((offset) => at(positions, offset)) };
}

function shapeOf({ values }: Context, id: number): readonly number[] {
  return values[id]?.shape ?? [];
}

/**
 * What is known where numbers are compared with the extreme of a line that they are in. The extreme is one of them, bit for
 * bit, so one that no other can reach is certainly it, however vague both are. So are all that can reach it, if they
 * come from equal numbers in the same correctly rounded way.
 */
export function equalToExtreme(
  node: NodeOf<"equal">,
  shape: readonly number[],
  context: Context,
): ((i: number) => Span | undefined) | undefined {
  const [left, right] = node.inputs;
  return compared(left, right, shape, context) ?? compared(right, left, shape, context);
}

function compared(
  element: number,
  extreme: number,
  shape: readonly number[],
  context: Context,
): ((i: number) => Span | undefined) | undefined {
  const found = originOf(context, extreme);
  const reduction = nodeOf(context, found.id);
  if (reduction.op !== "reduceMax" && reduction.op !== "reduceMin") return undefined;
  const own = originOf(context, element);
  const reduced = originOf(context, reduction.inputs[0]);
  const source = context.values[own.id];
  // A number that was repeated would be in several lines.
  if (source === undefined || own.id !== reduced.id || reduced.positions.length !== source.value.length)
    return undefined;
  const lineOf = new Int32Array(source.value.length).fill(-1);
  const { starts, steps } = linesAlong(shapeOf(context, reduction.inputs[0]), reduction.attrs.axes);
  const lines = Array.from(starts, (start, line) => {
    const members = steps.map((step) => at(reduced.positions, start + step));
    for (const p of members) lineOf[p] = line;
    return members;
  });
  const sign = reduction.op === "reduceMax" ? 1 : -1;
  const decided = new Map<number, (p: number) => Span | undefined>();
  const es = broadcastOffsets(shapeOf(context, element), shape);
  const xs = broadcastOffsets(shapeOf(context, extreme), shape);
  return (i) => {
    const p = at(own.positions, at(es, i));
    const line = at(found.positions, at(xs, i));
    if (lineOf[p] !== line) return undefined;
    const decide = decided.get(line) ?? attained(source, lines[line] ?? new Int32Array(), sign, own.id, context);
    decided.set(line, decide);
    return decide(p);
  };
}

/** For the numbers of one line, whether each is its extreme. */
function attained(
  x: Bounds,
  line: Int32Array,
  sign: 1 | -1,
  id: number,
  context: Context,
): (p: number) => Span | undefined {
  const spans = Array.from(line, (p) => spanAt(x, p));
  // NaN wins, and equals nothing.
  if (spans.some(isNoNumber)) return () => no;
  const least = ({ low, high }: Span): number => (sign === 1 ? low : -high);
  const most = ({ low, high }: Span): number => (sign === 1 ? high : -low);
  const bar = spans.reduce((top, span) => Math.max(top, least(span)), -Infinity);
  const candidates = line.filter((_, k) => most(spans[k] ?? no) >= bar);
  const reaching = new Set(candidates);
  const [first = -1, ...others] = candidates;
  const twins = new Twins(context);
  const isSettled = !spans.some(({ nan }) => nan) && others.every((p) => twins.are(id, first, p));
  return (p) => {
    if (!reaching.has(p)) return no;
    return isSettled ? yes : undefined;
  };
}

/** Knows which elements of a node are the same number on every machine: exact ones, or made alike from such. */
export class Twins {
  readonly #context: Context;
  readonly #known = new Map<string, boolean>();

  constructor(context: Context) {
    this.#context = context;
  }

  are(id: number, p: number, q: number): boolean {
    if (p === q) return true;
    const key = `${id} ${p} ${q}`;
    const answer = this.#known.get(key) ?? this.#find(id, p, q);
    this.#known.set(key, answer);
    return answer;
  }

  #find(id: number, p: number, q: number): boolean {
    const context = this.#context;
    const x = context.values[id];
    if (x === undefined) return false;
    const [a, b] = [spanAt(x, p), spanAt(x, q)];
    if (isExact(a) && isExact(b)) return a.low === b.low;
    if (a.low !== b.low || a.high !== b.high) return false;
    const node = nodeOf(context, id);
    // Equal numbers are handed over in the same way.
    if (node.op === "input") return !context.isBody;
    const origin = originOf(context, id);
    if (origin.id !== id) return this.are(origin.id, at(origin.positions, p), at(origin.positions, q));
    if (!isElementwise(node.op) || opTable[node.op].ulp > 0.5) return false;
    return node.inputs.every((input) => {
      const offsets = broadcastOffsets(shapeOf(context, input), x.shape);
      return this.are(input, at(offsets, p), at(offsets, q));
    });
  }
}
