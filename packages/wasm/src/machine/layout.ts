import { bindShape, sizeOf, type Dim, type DimSizes } from "@losses/core";
import type { Program } from "../program.js";

/** A program's table of numbers for known sizes, but for addresses. */
export interface Layout {
  /** The numbers as integers; addresses are 0. */
  readonly table: Int32Array;
  /** Numbers that are addresses in the arena: position in the table, and offset. */
  readonly inArena: readonly (readonly [number, number])[];
  /** Numbers that are addresses of tensors: position in the table, and name. */
  readonly tensors: readonly (readonly [number, string])[];
  /** Bytes of the arena, which starts with the table. */
  readonly bytes: number;
  /** The largest of the numbers: addresses and sizes are of 32 bits. */
  readonly largest: number;
}

const alignment = 16;

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** Places what a program needs between its stages in one arena, where memory is used again as soon as it is free. */
export function layoutOf(program: Program, sizes: DimSizes): Layout {
  const elements = (dims: readonly Dim[]): number => sizeOf(bindShape(dims, sizes));
  const offsets = new Map<string, number>();
  const arena = new Arena(aligned(4 * program.numbers.length));
  const live: { readonly name: string; readonly to: number; readonly offset: number; readonly size: number }[] = [];
  for (let stage = 0; stage < program.stages; stage++) {
    for (const { name, dims, bytes, extra, within, from, to } of program.blocks) {
      if (from !== stage) continue;
      const size = elements(within) === 0 ? 0 : aligned(elements(dims) * bytes + extra);
      const offset = arena.take(size);
      offsets.set(name, offset);
      live.push({ name, to, offset, size });
    }
    for (const block of live) if (block.to === stage) arena.giveBack(block.offset, block.size);
  }
  const table = new Int32Array(program.numbers.length);
  const counts = new Float32Array(table.buffer);
  const inArena: (readonly [number, number])[] = [];
  const tensors: (readonly [number, string])[] = [];
  let largest = 0;
  program.numbers.forEach((number, i) => {
    if (number.kind === "size") {
      const size = elements(number.within) === 0 ? 0 : number.factor * elements(number.dims);
      largest = Math.max(largest, size);
      table[i] = size;
    } else if (number.kind === "count") counts[i] = elements(number.dims);
    else {
      const offset = offsets.get(number.of);
      if (offset === undefined) tensors.push([i, number.of]);
      else inArena.push([i, offset]);
    }
  });
  return { table, inArena, tensors, bytes: arena.end, largest };
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
