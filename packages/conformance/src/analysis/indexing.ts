import type { NodeOf } from "@losses/core";
import { at, copy, exactly, hull, put, spanAt, type Bounds, type Span } from "./bounded.js";
import { broadcastOffsets, stridesOf, walk } from "./strides.js";
import type { Precision } from "./precision.js";
import { Totals } from "./sums.js";

const zero: Span = exactly(0);

/** The places inside an axis that a position may name, and whether it may be outside. */
interface Places {
  readonly inside: readonly number[];
  readonly mayBeOutside: boolean;
}

function placesOf(index: Bounds, p: number, size: number): Places {
  const { low, high } = spanAt(index, p);
  const isInside = (place: number): boolean => place >= 0 && place < size;
  if (low === high && isInside(low)) return { inside: [low], mayBeOutside: false };
  const choices = index.choices.get(p);
  if (choices !== undefined) {
    const inside = choices.filter(isInside);
    return { inside, mayBeOutside: inside.length < choices.length };
  }
  const [first, last] = [Math.max(low, 0), Math.min(high, size - 1)];
  const inside = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  return { inside, mayBeOutside: !isInside(low) || !isInside(high) };
}

/** Where each element of `shape` has its line in a tensor: the others axes broadcast, along this one it starts at 0. */
function lineOffsets(tensor: readonly number[], shape: readonly number[], axis: number): Int32Array {
  const strides = stridesOf(tensor);
  return walk(
    shape,
    shape.map((_, i) => (i === axis || tensor[i] === 1 ? 0 : (strides[i] ?? 0))),
  );
}

/** The element that a position names, any that it may name, 0 outside. */
export function boundGather(node: NodeOf<"gather">, x: Bounds, index: Bounds, to: Bounds): void {
  const { axis } = node.attrs;
  const stride = stridesOf(x.shape)[axis] ?? 0;
  const lines = lineOffsets(x.shape, to.shape, axis);
  const indices = broadcastOffsets(index.shape, to.shape);
  for (let i = 0; i < to.value.length; i++) {
    const { inside, mayBeOutside } = placesOf(index, at(indices, i), x.shape[axis] ?? 1);
    const position = (place: number): number => at(lines, i) + place * stride;
    const [only] = inside;
    if (only !== undefined && inside.length === 1 && !mayBeOutside) {
      copy(to, i, x, position(only));
      continue;
    }
    const spans = inside.map((place) => spanAt(x, position(place)));
    put(to, i, spans.reduce<Span | undefined>(either, mayBeOutside ? zero : undefined) ?? zero);
  }
}

function either(a: Span | undefined, b: Span): Span {
  return a === undefined ? b : hull(a, b);
}

/** Sums of what is certain to arrive, and of what may or may not. */
export function boundScatterAdd(
  node: NodeOf<"scatterAdd">,
  x: Bounds,
  index: Bounds,
  to: Bounds,
  precision: Precision,
): void {
  const { axis } = node.attrs;
  const from = to.shape.map((dim, i) => (i === axis ? longer(x.shape[i] ?? 1, index.shape[i] ?? 1) : dim));
  const stride = stridesOf(to.shape)[axis] ?? 0;
  const lines = lineOffsets(to.shape, from, axis);
  const xs = broadcastOffsets(x.shape, from);
  const indices = broadcastOffsets(index.shape, from);
  // Most elements of a large result receive nothing.
  const sums = new Map<number, Totals>();
  for (let i = 0; i < lines.length; i++) {
    const { inside, mayBeOutside } = placesOf(index, at(indices, i), to.shape[axis] ?? 1);
    const span = spanAt(x, at(xs, i));
    const isCertain = inside.length === 1 && !mayBeOutside;
    for (const place of inside) {
      const o = at(lines, i) + place * stride;
      const sum = sums.get(o) ?? new Totals(x.dtype);
      sums.set(o, sum);
      sum.add(isCertain ? span : hull(span, zero));
    }
  }
  const nothing = new Totals(x.dtype).finish(precision);
  for (let i = 0; i < to.value.length; i++) put(to, i, sums.get(i)?.finish(precision) ?? nothing);
}

/** What two sizes broadcast to. */
function longer(a: number, b: number): number {
  return a === 1 ? b : a;
}
