import { bindShape, sizeOf, type Dim, type DimSizes } from "@losses/core";
import type { Program } from "../program.js";

/** A program's table of numbers for known sizes, but for addresses. */
export interface Layout {
  /** The numbers as integers; addresses are 0. */
  readonly table: Int32Array;
  /** Numbers that are addresses in the arena: position in the table, offset, and how much more it is for each further share. */
  readonly inArena: readonly (readonly [number, number, number])[];
  /** Numbers that are addresses of tensors: position in the table, and name. */
  readonly tensors: readonly (readonly [number, string])[];
  /** Bytes of the arena, which starts with a table for each share. */
  readonly bytes: number;
  /** Bytes from one table to the next. */
  readonly tableBytes: number;
  /** The largest of the numbers: addresses and sizes are of 32 bits. */
  readonly largest: number;
}

const alignment = 16;
/** Threads that write to one line of the processors' caches, or to neighbours, wait for each other. */
const apartAlignment = 128;

function aligned(bytes: number, to = alignment): number {
  return Math.ceil(bytes / to) * to;
}

/** Places what a program needs between its stages in one arena, where memory is used again as soon as it is free. */
export function layoutOf(program: Program, sizes: DimSizes, shares: number): Layout {
  const elements = (dims: readonly Dim[]): number => sizeOf(bindShape(dims, sizes));
  const places = new Map<string, { readonly offset: number; readonly apart: number }>();
  const tableBytes = aligned(4 * program.numbers.length);
  const arena = new Arena(shares * tableBytes);
  const live: { readonly name: string; readonly to: number; readonly offset: number; readonly size: number }[] = [];
  for (let stage = 0; stage < program.stages; stage++) {
    for (const { name, dims, bytes, extra, within, isOwn, from, to } of program.blocks) {
      if (from !== stage) continue;
      const each = elements(within) === 0 ? 0 : aligned(elements(dims) * bytes + extra);
      const apart = shares > 1 ? aligned(each, apartAlignment) : each;
      const size = isOwn ? shares * apart : each;
      const offset = arena.take(size);
      places.set(name, { offset, apart: isOwn ? apart : 0 });
      live.push({ name, to, offset, size });
    }
    for (const block of live) if (block.to === stage) arena.giveBack(block.offset, block.size);
  }
  const table = new Int32Array(program.numbers.length);
  const counts = new Float32Array(table.buffer);
  const inArena: (readonly [number, number, number])[] = [];
  const tensors: (readonly [number, string])[] = [];
  let largest = 0;
  program.numbers.forEach((number, i) => {
    if (number.kind === "size") {
      const size = elements(number.within) === 0 ? 0 : number.factor * elements(number.dims);
      largest = Math.max(largest, size);
      table[i] = size;
    } else if (number.kind === "count") counts[i] = elements(number.dims);
    else {
      const place = places.get(number.of);
      if (number.kind === "apart") table[i] = place?.apart ?? 0;
      else if (place === undefined) tensors.push([i, number.of]);
      else inArena.push([i, place.offset, place.apart]);
    }
  });
  return { table, inArena, tensors, bytes: arena.end, tableBytes, largest };
}

/** Memory by offsets: free pieces are used again, the smallest that is large enough first. */
class Arena {
  end: number;
  #free: { readonly offset: number; readonly size: number }[] = [];

  constructor(start: number) {
    this.end = start;
  }

  take(size: number): number {
    const fitting = this.#free.filter((piece) => piece.size >= size).sort((a, b) => a.size - b.size);
    const [best] = fitting;
    if (best === undefined) {
      this.end += size;
      return this.end - size;
    }
    this.#free = this.#free.filter((piece) => piece !== best);
    if (best.size > size) this.#free.push({ offset: best.offset + size, size: best.size - size });
    return best.offset;
  }

  giveBack(offset: number, size: number): void {
    if (size === 0) return;
    const touching = this.#free.filter(
      (piece) => piece.offset + piece.size === offset || offset + size === piece.offset,
    );
    this.#free = this.#free.filter((piece) => !touching.includes(piece));
    const start = Math.min(offset, ...touching.map((piece) => piece.offset));
    const length = touching.reduce((sum, piece) => sum + piece.size, size);
    this.#free.push({ offset: start, size: length });
  }
}
