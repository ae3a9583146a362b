import { checkArgument, LossesError, readOptions, type Rules } from "@losses/core";
import { textRule, type Heap } from "./heap.js";
import { webAssembly, type GrowingMemory, type WebAssemblyApi } from "../platform.js";

/** Bytes of a page of WebAssembly's memory. */
const page = 65536;
/** Addresses are multiples of this: the bytes of a line of the processor's cache. */
const line = 64;
const firstPages = 16;

export interface HeapOptions {
  /** Whether threads can have it in common. Default false. */
  readonly isShared?: boolean;
  /** Bytes that it may grow to. Default 4 GiB, which is all that there can be. */
  readonly ceiling?: number;
}

const [least, most] = [firstPages * page, 2 ** 32];

export const heapRules: Rules<HeapOptions> = {
  isShared: { domain: "true or false", accepts: (value) => typeof value === "boolean" },
  ceiling: {
    domain: `a whole number from ${least} to ${most}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  },
};

/** A piece of memory that is free. */
interface Piece {
  readonly at: number;
  readonly bytes: number;
}

/** A memory of its own, which grows as it is needed and never shrinks. `id`: whose it is. */
export function createHeap(id: string, options?: HeapOptions): Heap {
  checkArgument("createHeap", "id", id, textRule);
  const { isShared = false, ceiling = most } = readOptions("createHeap", options, heapRules);
  const maximum = Math.floor(ceiling / page);
  const platform = webAssembly();
  if (platform === undefined) throw new LossesError("BACKEND_FAILED", `${id}: there must be WebAssembly, got none.`);
  const memory = isShared
    ? sharedMemory(platform.Memory, maximum)
    : new platform.Memory({ initial: firstPages, maximum, shared: false });
  // By address; neighbours are one piece. Address 0 is what stands for no memory.
  const pieces: Piece[] = [{ at: line, bytes: firstPages * page - line }];
  const taken = new Map<number, number>();

  const give = ({ at, bytes }: Piece): void => {
    let index = pieces.findIndex((piece) => piece.at > at);
    if (index < 0) index = pieces.length;
    const [before, after] = [pieces[index - 1], pieces[index]];
    const joinsBefore = before !== undefined && before.at + before.bytes === at;
    const joinsAfter = after !== undefined && at + bytes === after.at;
    const whole = {
      at: joinsBefore ? before.at : at,
      bytes: bytes + (joinsBefore ? before.bytes : 0) + (joinsAfter ? after.bytes : 0),
    };
    pieces.splice(index - (joinsBefore ? 1 : 0), (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), whole);
  };

  /** The smallest piece that is large enough. */
  const find = (bytes: number): number => {
    let best = -1;
    for (const [index, piece] of pieces.entries()) {
      if (piece.bytes >= bytes && piece.bytes < (pieces[best]?.bytes ?? Infinity)) best = index;
    }
    return best;
  };

  const grow = (bytes: number): boolean => {
    const end = memory.buffer.byteLength;
    const last = pieces.at(-1);
    const there = last !== undefined && last.at + last.bytes === end ? last.bytes : 0;
    const needed = Math.ceil((bytes - there) / page);
    // Growing moves the memory: seldom and by much, or by what is needed where there is no more.
    for (const pages of [Math.max(needed, Math.ceil(end / page / 2)), needed]) {
      try {
        memory.grow(pages);
        give({ at: end, bytes: pages * page });
        return true;
      } catch {
        // The next is smaller.
      }
    }
    return false;
  };

  return {
    id,
    memory,
    allocate: (wanted) => {
      const bytes = Math.max(line, Math.ceil(wanted / line) * line);
      let index = find(bytes);
      if (index < 0 && grow(bytes)) index = find(bytes);
      const piece = pieces[index];
      if (piece === undefined) return 0;
      if (piece.bytes === bytes) pieces.splice(index, 1);
      else pieces[index] = { at: piece.at + bytes, bytes: piece.bytes - bytes };
      taken.set(piece.at, bytes);
      return piece.at;
    },
    free: (at) => {
      const bytes = taken.get(at);
      if (bytes === undefined) return;
      taken.delete(at);
      give({ at, bytes });
    },
  };
}

/** Addresses are set aside for all that it may grow to: some platforms have fewer. */
function sharedMemory(Memory: WebAssemblyApi["Memory"], most: number): GrowingMemory {
  for (let maximum = most; ; maximum = Math.max(firstPages, maximum >> 1)) {
    try {
      return new Memory({ initial: firstPages, maximum, shared: true });
    } catch (cause) {
      if (maximum <= most / 8 || maximum === firstPages) throw cause;
    }
  }
}
