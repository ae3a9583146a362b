import { checkArgument, isObject, LossesError, type Rule } from "@losses/core";
import type { Memory } from "./platform.js";

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

const bytesRule: Rule = { domain: "a number >= 0", accepts: (value) => typeof value === "number" && value >= 0 };
const textRule: Rule = { domain: "a text", accepts: (value) => typeof value === "string" };
const heapRule: Rule = {
  domain: "a heap such as createHeap gives",
  accepts: (value) => isObject(value) && typeof value["id"] === "string" && typeof value["allocate"] === "function",
};

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
  checkArgument("takeMemory", "the heap", heap, heapRule);
  checkBytes(heap, bytes, what);
  const at = heap.allocate(bytes);
  if (at === 0) throw noMemory(heap, bytes, what);
  return at;
}

function noMemory({ id }: Heap, bytes: number, what: string): LossesError {
  const wanted = `there must be ${bytes} bytes of memory for ${what}`;
  return new LossesError("BACKEND_FAILED", `${id}: ${wanted}, got none. Release tensors, or use smaller batches.`);
}
