import { checkArgument, isObject, LossesError, readParts, type Rule, type Rules } from "@losses/core";
import { isMemory, type Memory } from "../platform.js";

/** The memory that programs work in, and the way to get pieces of it. */
export interface Heap {
  /** Whose it is, for messages: the id of a backend. */
  readonly id: string;
  readonly memory: Memory;
  /** The address of new memory; 0 if there is none. */
  readonly allocate: (bytes: number) => number;
  readonly free: (address: number) => void;
}

/** Bytes that 32 bits can address, less one page: loops look ahead. */
const addressable = 2 ** 32 - 65536;

const bytesRule: Rule = {
  domain: "a whole number >= 0",
  accepts: (value) => Number.isInteger(value) && Number(value) >= 0,
};
export const textRule: Rule = { domain: "a text", accepts: (value) => typeof value === "string" };
const functionRule: Rule = { domain: "a function", accepts: (value) => typeof value === "function" };

const rules: Rules<Heap> = {
  id: textRule,
  memory: { domain: "a WebAssembly.Memory", accepts: isMemory },
  allocate: functionRule,
  free: functionRule,
};
const names = ["id", "memory", "allocate", "free"] as const;

/** The parts of each heap that was used: memory is taken several times in each run of a loss. */
const heaps = new WeakMap<object, Heap>();

/** The parts of a heap, each read once. */
export function readHeap(where: string, heap: Heap): Heap {
  const known = isObject(heap) ? heaps.get(heap) : undefined;
  if (known !== undefined) return known;
  const read = readParts(where, heap, rules, names);
  heaps.set(heap, read).set(read, read);
  return read;
}

/** Throws if so many bytes are more than a memory can have. `what`: what they are for. */
export function checkBytes(heap: Heap, bytes: number, what: string): void {
  if (bytes > addressable) throw noMemory(heap, bytes, what);
}

/**
 * The address of new memory. Heaps count with 32 bits, so that they are not asked for more.
 *
 * @throws LossesError if there is none.
 */
export function takeMemory(heap: Heap, bytes: number, what: string): number {
  checkArgument("takeMemory", "bytes", bytes, bytesRule);
  checkArgument("takeMemory", "what they are for", what, textRule);
  const own = readHeap("takeMemory", heap);
  checkBytes(own, bytes, what);
  const at = own.allocate(bytes);
  // A heap of another's may answer anything.
  if (!(at > 0)) throw noMemory(own, bytes, what);
  return at;
}

function noMemory({ id }: Heap, bytes: number, what: string): LossesError {
  const wanted = `there must be ${bytes} bytes of memory for ${what}`;
  return new LossesError("BACKEND_FAILED", `${id}: ${wanted}, got none. Release tensors, or use smaller batches.`);
}
