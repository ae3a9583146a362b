import { LossesError, type DimSizes } from "@losses/core";
import { layoutOf, type Layout } from "./layout.js";
import { programBytes, type Program } from "./program.js";

/** The memory that programs work in, and the way to get pieces of it. */
export interface Heap {
  readonly memory: Memory;
  /** The address of new memory; 0 if there is none. */
  readonly allocate: (bytes: number) => number;
  readonly free: (address: number) => void;
}

/** A `WebAssembly.Memory`. */
export interface Memory {
  readonly buffer: ArrayBufferLike;
}

/** The part of the global `WebAssembly` that is used. */
interface WebAssemblyApi {
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => boolean;
  readonly Memory: new (limits: { initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly run?: unknown } };
}

function api(): WebAssemblyApi | undefined {
  return (globalThis as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
}

export function isMemory(value: unknown): value is Memory {
  const Memory = api()?.Memory;
  return Memory !== undefined && value instanceof Memory;
}

/** A module whose one function has this body. */
function probe(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const code = [0, ...body, 0x1a, 0x0b];
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];
  return Uint8Array.from([...header, 10, code.length + 2, 1, code.length, ...code]);
}

const zeros = [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)];

/** Whether there are instructions for four floats at a time, and whether they multiply and add in one. */
export function vectorSupport(): "none" | "simd" | "fused" {
  const validate = api()?.validate;
  if (validate === undefined || !validate(probe(zeros))) return "none";
  return validate(probe([...zeros, ...zeros, ...zeros, 0xfd, 0x85, 0x02])) ? "fused" : "simd";
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
  const platform = api();
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
        const what = `the engine must have ${layout.bytes} bytes of memory for intermediate results`;
        throw new LossesError("BACKEND_FAILED", `tfjs:wasm: ${what}, got none. Use smaller batches.`);
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
