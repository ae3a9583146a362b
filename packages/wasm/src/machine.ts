import { LossesError, type DimSizes } from "@losses/core";
import { layoutOf, type Layout } from "./layout.js";
import { webAssembly, type Memory } from "./platform.js";
import { programBytes, type Program } from "./program.js";

/** The memory that programs work in, and the way to get pieces of it. */
export interface Heap {
  /** Whose it is, for messages: the id of a backend. */
  readonly id: string;
  readonly memory: Memory;
  /** The address of new memory; 0 if there is none. */
  readonly allocate: (bytes: number) => number;
  readonly free: (address: number) => void;
}

/** A program that is ready to run in one heap. */
export interface Machine {
  /** Runs it on tensors at these addresses, by their names in the program. */
  readonly run: (sizes: DimSizes, addresses: ReadonlyMap<string, number>) => void;
}

/** Layouts for so many sizes are remembered. */
const mostLayouts = 64;

/** Makes a program ready; throws what the platform throws if it allows no new code. */
export function createMachine(program: Program, heap: Heap): Machine {
  const platform = webAssembly();
  if (platform === undefined) throw new RangeError("there is no WebAssembly");
  const isMemoryShared = !(heap.memory.buffer instanceof ArrayBuffer);
  const module = new platform.Module(programBytes(program, { isMemoryShared }));
  const { run } = new platform.Instance(module, { host: { memory: heap.memory, pow: Math.pow } }).exports;
  if (typeof run !== "function") throw new RangeError("the module has no function run");
  const layouts = new Map<string, Layout>();
  return {
    run: (sizes, addresses) => {
      const key = Object.values(sizes).join();
      if (!layouts.has(key) && layouts.size >= mostLayouts) layouts.clear();
      const layout = layouts.get(key) ?? layoutOf(program, sizes);
      layouts.set(key, layout);
      const arena = heap.allocate(layout.bytes);
      if (arena === 0) {
        const what = `there must be ${layout.bytes} bytes of memory for intermediate results`;
        throw new LossesError("BACKEND_FAILED", `${heap.id}: ${what}, got none. Use smaller batches.`);
      }
      try {
        const table = new Int32Array(heap.memory.buffer, arena, layout.table.length);
        table.set(layout.table);
        for (const [at, offset] of layout.inArena) table[at] = arena + offset;
        for (const [at, name] of layout.tensors) table[at] = addresses.get(name) ?? 0;
        run(arena);
      } finally {
        heap.free(arena);
      }
    },
  };
}
