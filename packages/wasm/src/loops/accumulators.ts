import type { Node } from "@losses/core";
import { concat, type Bytes } from "../assembler/bytes.js";
import {
  clear,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  local,
  repeatWhile,
  v128,
  type Locals,
} from "../assembler/instructions.js";
import type { Inner } from "./values.js";

// Sums are accurate: float32 only within blocks of a row, float64 beyond.

/**
 * Elements that are added up in float32 before float64 takes over: in two vectors of four lanes, so that a sum takes 10
 * roundings, at most 4 more for what is left at the end of a row, one where the vectors meet, and one for the result. Terms
 * of one sign lose at most 16 · 2⁻²⁴ < 1e-6.
 */
export const blockElements = 88;

/** How one row is reduced, in locals. */
export interface RowAccumulator {
  readonly start: Bytes;
  readonly step: (value: Bytes, inner: Inner) => Bytes;
  /** Between blocks of a row, and at its end. */
  readonly flush: Bytes;
  /** Brings the result into all lanes of `result`. */
  readonly finish: Bytes;
  readonly result: number;
}

const swapPairs = [2, 3, 0, 1];
const swapNeighbours = [1, 0, 3, 2];

/** The op applied across the lanes of a local. */
function across(held: number, op: (a: Bytes, b: Bytes) => Bytes): Bytes {
  const x = local.get(held);
  return concat([swapPairs, swapNeighbours].map((order) => local.set(held, op(x, v128.shuffle(order, x, x)))));
}

export function neutralOf(node: Node): number {
  if (node.op === "reduceSum") return 0;
  if (node.dtype === "float32") return node.op === "reduceMax" ? -Infinity : Infinity;
  return node.op === "reduceMax" ? -(2 ** 31) : 2 ** 31 - 1;
}

/** `copies`: how many vectors one turn of the loop has; each has accumulators of its own. */
export function rowAccumulator(node: Node, locals: Locals, copies: number): RowAccumulator {
  const lists = Array.from({ length: copies }, () => locals.add("v128"));
  if (node.op !== "reduceSum")
    return node.dtype === "float32" ? floatExtreme(node, locals, lists) : integer(node, lists);
  return node.dtype === "float32" ? floatSum(locals, lists) : integer(node, lists);
}

function onlyOneLane(value: Bytes, { width }: Inner): Bytes {
  return width === 4 ? value : v128.and(value, v128.ints(-1, 0, 0, 0));
}

/** Brings what all copies have into the first. */
function together(held: readonly number[], op: (a: Bytes, b: Bytes) => Bytes): Bytes {
  const [first = 0, ...rest] = held;
  return concat(rest.map((other) => local.set(first, op(local.get(first), local.get(other)))));
}

const setAll = (held: readonly number[], value: Bytes): Bytes => concat(held.map((one) => local.set(one, value)));

function floatSum(locals: Locals, sums: readonly number[]): RowAccumulator {
  const [result = 0] = sums;
  const total = locals.add("v128");
  const x = local.get(result);
  const halves = f64x2.add(f64x2.promoteLow(x), f64x2.promoteLow(v128.shuffle(swapPairs, x, x)));
  const both = f64.add(f64x2.extract(0, local.get(total)), f64x2.extract(1, local.get(total)));
  return {
    start: setAll([...sums, total], f64x2.zero),
    step: (value, inner) => {
      const sum = sums[inner.copy] ?? result;
      return local.set(sum, f32x4.add(local.get(sum), onlyOneLane(value, inner)));
    },
    flush: concat([
      together(sums, f32x4.add),
      local.set(total, f64x2.add(local.get(total), halves)),
      setAll(sums, f64x2.zero),
    ]),
    finish: local.set(result, f32x4.splat(f32.demote(both))),
    result,
  };
}

function integer(node: Node, held: readonly number[]): RowAccumulator {
  const op = node.op === "reduceSum" ? i32x4.add : node.op === "reduceMax" ? i32x4.max : i32x4.min;
  const [result = 0] = held;
  return {
    start: setAll(held, i32x4.const(neutralOf(node))),
    step: (value, inner) => {
      const one = held[inner.copy] ?? result;
      return local.set(one, op(local.get(one), node.op === "reduceSum" ? onlyOneLane(value, inner) : value));
    },
    flush: [],
    finish: concat([together(held, op), across(result, op)]),
    result,
  };
}

/** The largest or smallest; NaN, which the fast instructions may drop, is remembered apart. */
function floatExtreme(node: Node, locals: Locals, held: readonly number[]): RowAccumulator {
  const op = node.op === "reduceMax" ? f32x4.pmax : f32x4.pmin;
  const [result = 0] = held;
  const isNaN = locals.add("v128");
  const nan = local.get(isNaN);
  const some = i32x4.splat(i32.sub(i32.const(0), v128.anyTrue(nan)));
  return {
    start: concat([setAll(held, f32x4.const(neutralOf(node))), local.set(isNaN, i32x4.const(0))]),
    step: (value, inner) => {
      const one = held[inner.copy] ?? result;
      const note = local.set(isNaN, v128.or(nan, f32x4.ne(value, value)));
      return concat([local.set(one, op(value, local.get(one))), note]);
    },
    flush: [],
    finish: concat([
      together(held, op),
      across(result, op),
      local.set(result, v128.select(f32x4.const(Number.NaN), local.get(result), some)),
    ]),
    result,
  };
}

/** How rows are reduced to one, in memory. */
export interface MemoryAccumulator {
  /** Bytes of an element while it is being accumulated. */
  readonly bytes: 4 | 8;
  /** Brings neutral elements to memory: address, bytes. */
  readonly start: (address: Bytes, bytes: Bytes, counter: number) => Bytes;
  /** Adds elements of a row; the address is that of the first of them. */
  readonly step: (address: Bytes, value: Bytes, width: 1 | 4) => Bytes;
  /** Two vectors of what was accumulated, as one. */
  readonly merge: (a: Bytes, b: Bytes) => Bytes;
}

export function memoryAccumulator(node: Node): MemoryAccumulator {
  const isFloat = node.dtype === "float32";
  if (node.op === "reduceSum" && isFloat) {
    return { bytes: 8, start: (address, bytes) => clear(address, bytes), step: addDoubles, merge: f64x2.add };
  }
  const op =
    node.op === "reduceSum"
      ? i32x4.add
      : node.op === "reduceMax"
        ? (isFloat ? f32x4 : i32x4).max
        : (isFloat ? f32x4 : i32x4).min;
  const neutral = neutralOf(node);
  return {
    bytes: 4,
    start: (address, bytes, counter) => {
      const at = local.get(counter);
      const to = i32.add(address, at);
      const fill = isFloat ? f32.store(to, f32.const(neutral)) : i32.store(to, i32.const(neutral));
      const turn = concat([fill, local.set(counter, i32.add(at, i32.const(4)))]);
      return concat([local.set(counter, i32.const(0)), repeatWhile(i32.lt(at, bytes), turn)]);
    },
    step: (address, value, width) =>
      width === 4
        ? v128.store(address, op(v128.load(address), value))
        : v128.storeLane(0, address, op(v128.loadSplat(address), value)),
    merge: op,
  };
}

function addDoubles(address: Bytes, value: Bytes, width: 1 | 4): Bytes {
  if (width === 1) return f64.store(address, f64.add(f64.load(address), f64.promote(f32x4.extract(0, value))));
  const high = v128.shuffle(swapPairs, value, value);
  return concat([
    v128.store(address, f64x2.add(v128.load(address), f64x2.promoteLow(value))),
    v128.store(address, f64x2.add(v128.load(address, 16), f64x2.promoteLow(high)), 16),
  ]);
}

/** Rounds float64 sums to float32: to, from, number of elements. */
export function roundSums(to: Bytes, from: Bytes, count: Bytes, counter: number): Bytes {
  const at = local.get(counter);
  const source = i32.add(from, i32.shl(at, i32.const(3)));
  const turn = concat([
    f32.store(i32.add(to, i32.shl(at, i32.const(2))), f32.demote(f64.load(source))),
    local.set(counter, i32.add(at, i32.const(1))),
  ]);
  return concat([local.set(counter, i32.const(0)), repeatWhile(i32.lt(at, count), turn)]);
}
