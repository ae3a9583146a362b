import type { NodeOf } from "@losses/core";
import { at, isNoNumber, put, spanAt, type Bounds, type Span } from "./bounded.js";
import type { Context } from "./context.js";
import { linesAlong } from "./strides.js";
import { Twins } from "./ties.js";

/** Positions that are listed; of more, the ends alone are known. */
const mostChoices = 64;

/** What an element of a line can be, along the order that is asked for: the first is wanted, or comes first. */
interface Key {
  readonly least: number;
  readonly most: number;
  readonly span: Span;
}

/** The first position of the extreme: any that can be beyond all before it, and reach all others. */
export function boundArgExtreme(node: NodeOf<"argMax" | "argMin">, x: Bounds, to: Bounds, context: Context): void {
  const [source] = node.inputs;
  const twins = new Twins(context);
  const { starts, steps } = linesAlong(x.shape, [node.attrs.axis]);
  for (let o = 0; o < starts.length; o++) {
    const positions = steps.map((step) => at(starts, o) + step);
    const spans = Array.from(positions, (p) => spanAt(x, p));
    if (spans.some(isNoNumber)) {
      put(to, o, { low: spans.length, high: spans.length, nan: false });
      continue;
    }
    const keys = spans.map((span) => keyOf(span, node.op === "argMax"));
    // NaN is nowhere, which is told by the size of the axis.
    const nowhere = spans.length === 0 || spans.some(({ nan }) => nan) ? [spans.length] : [];
    choose(to, o, [...firsts(keys, positions, source, twins), ...nowhere]);
  }
}

function firsts(keys: readonly Key[], positions: Int32Array, source: number, twins: Twins): readonly number[] {
  const bar = keys.reduce((lowest, { most }) => Math.min(lowest, most), Infinity);
  const found: number[] = [];
  // The least that an earlier one may be at the most: who cannot be below it is not the first.
  let before = Infinity;
  keys.forEach(({ least, most }, i) => {
    const canBe = least <= bar && (i === 0 || least < before);
    const isTwin = (k: number): boolean => twins.are(source, at(positions, k), at(positions, i));
    if (canBe && !found.some(isTwin)) found.push(i);
    before = Math.min(before, most);
  });
  return found;
}

/** Ascending keys: the least comes first. */
function keyOf(span: Span, isDescending: boolean): Key {
  const { low, high } = span;
  return isDescending ? { least: -high, most: -low, span } : { least: low, most: high, span };
}

/** The sorted order: each rank can be held by those of which not too many are certain to come before or after. */
export function boundArgsort(node: NodeOf<"argsort">, x: Bounds, to: Bounds, context: Context): void {
  const { axis, descending } = node.attrs;
  const twins = new Twins(context);
  const { starts, steps } = linesAlong(x.shape, [axis]);
  for (const start of starts) {
    const positions = steps.map((step) => start + step);
    const keys = Array.from(positions, (p) => keyOf(withNaNLast(spanAt(x, p)), descending));
    const same = countTwins(keys, positions, node.inputs[0], twins);
    const mosts = ranking(keys.map(({ most }) => most));
    const leasts = ranking(keys.map(({ least }) => least));
    const holders = keys.map((): number[] => []);
    keys.forEach(({ least, most }, i) => {
      const first = mosts.before(least, i) + at(same.before, i);
      const last = keys.length - 1 - leasts.after(most, i) - at(same.after, i);
      for (let rank = first; rank <= last; rank++) holders[rank]?.push(i);
    });
    holders.forEach((choices, rank) => choose(to, at(positions, rank), choices));
  }
}

/** NaN counts as +∞. */
function withNaNLast(span: Span): Span {
  if (isNoNumber(span)) return { low: Infinity, high: Infinity, nan: false };
  return span.nan ? { ...span, high: Infinity } : span;
}

interface Ranking {
  /** How many are below a number, or equal to it and at an earlier place. */
  readonly before: (x: number, place: number) => number;
  /** How many are above it, or equal and at a later place. */
  readonly after: (x: number, place: number) => number;
}

function ranking(numbers: readonly number[]): Ranking {
  const isBefore = (a: number, i: number, b: number, j: number): boolean => a < b || (a === b && i < j);
  const order = [...numbers.keys()].sort((i, j) => (isBefore(at(numbers, i), i, at(numbers, j), j) ? -1 : 1));
  // The number of those for which something holds that holds of the first ones only.
  const count = (holds: (i: number) => boolean): number => {
    let [from, to] = [0, order.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (holds(at(order, middle))) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  return {
    before: (x, place) => count((i) => isBefore(at(numbers, i), i, x, place)),
    after: (x, place) => order.length - count((i) => !isBefore(x, place, at(numbers, i), i)),
  };
}

/** For each, how many before and after it are the same number for certain although neither is known: they keep their order. */
function countTwins(
  keys: readonly Key[],
  positions: Int32Array,
  source: number,
  twins: Twins,
): { readonly before: Int32Array; readonly after: Int32Array } {
  const groups = new Map<string, number[][]>();
  keys.forEach(({ least, most, span }, i) => {
    if (least === most || span.nan) return;
    const alike = groups.get(`${least} ${most}`) ?? [];
    groups.set(`${least} ${most}`, alike);
    const group = alike.find(([first = -1]) => twins.are(source, at(positions, first), at(positions, i)));
    if (group === undefined) alike.push([i]);
    else group.push(i);
  });
  const [before, after] = [new Int32Array(keys.length), new Int32Array(keys.length)];
  for (const group of [...groups.values()].flat()) {
    group.forEach((i, k) => {
      before[i] = k;
      after[i] = group.length - 1 - k;
    });
  }
  return { before, after };
}

/** One of some positions, which are in order. */
function choose(to: Bounds, index: number, choices: readonly number[]): void {
  const [low = 0] = choices;
  const high = choices.at(-1) ?? low;
  put(to, index, { low, high, nan: false });
  if (choices.length > 1 && choices.length <= Math.min(mostChoices, high - low)) to.choices.set(index, choices);
}
