import { checkArgument, LossesError, type DimSizes } from "@losses/core";
import { checkBytes, readHeap, takeMemory, type Heap } from "./heap.js";
import { layoutOf, type Layout } from "./layout.js";
import { webAssembly } from "./platform.js";
import { programBytes, programRule, type Program } from "./program.js";

/** A program that is ready to run in one heap. */
export interface Machine {
  /** Runs it on tensors at these addresses, by their names in the program. */
  readonly run: (sizes: DimSizes, addresses: ReadonlyMap<string, number>) => void;
}

/** Layouts for so many sizes are remembered. */
const mostLayouts = 64;

/** Makes a program ready; throws what the platform throws if it allows no new code. */
export function createMachine(program: Program, given: Heap): Machine {
  checkArgument("createMachine", "the program", program, programRule);
  const heap = readHeap("createMachine", given);
  const platform = webAssembly();
  if (platform === undefined)
    throw new LossesError("BACKEND_FAILED", `${heap.id}: there must be WebAssembly, got none.`);
  const isMemoryShared = !(heap.memory.buffer instanceof ArrayBuffer);
  const module = new platform.Module(programBytes(program, { isMemoryShared }));
  const { run } = new platform.Instance(module, { host: { memory: heap.memory, pow: Math.pow } }).exports;
  if (typeof run !== "function") {
    throw new LossesError("BACKEND_FAILED", `${heap.id}: a program must have a function run, got none.`);
  }
  const layouts = new Map<string, Layout>();
  return {
    run: (sizes, addresses) => {
      const key = Object.values(sizes).join();
      if (!layouts.has(key) && layouts.size >= mostLayouts) layouts.clear();
      const layout = layouts.get(key) ?? layoutOf(program, sizes);
      layouts.set(key, layout);
      checkBytes(heap, layout.largest, "intermediate results");
      const arena = takeMemory(heap, layout.bytes, "intermediate results");
      try {
        const table = new Int32Array(heap.memory.buffer, arena, layout.table.length);
        table.set(layout.table);
        for (const [at, offset] of layout.inArena) table[at] = arena + offset;
        for (const [at, name] of layout.tensors) table[at] = addressOf(heap, addresses, name);
        run(arena);
      } finally {
        heap.free(arena);
      }
    },
  };
}

function addressOf({ id }: Heap, addresses: ReadonlyMap<string, number>, name: string): number {
  const address = addresses.get(name);
  if (address !== undefined) return address;
  throw new LossesError("MISSING_INPUT", `${id}: there must be an address for ${name}, got none.`);
}
