import { sizeOf, type HostData } from "@losses/core";
import { isMemory, takeMemory, type Heap } from "@losses/wasm";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";

// TensorFlow.js's wasm engine keeps tensors in a memory in which other WebAssembly can work too. It does not look whether
// its allocator has found any: without memory, tensors are written to address 0. So theirs is taken here.

type TfDType = "float32" | "int32" | "bool";

/** What is used of the wasm engine beyond its public side. */
export interface WasmEngine extends KernelBackend {
  readonly dataIdMap: { readonly get: (id: object) => { readonly memoryOffset: number } };
  /** A tensor at an address, or in memory that it takes itself. */
  readonly makeOutput: (shape: readonly number[], dtype: TfDType, at?: number | null, values?: unknown) => TensorInfo;
  readonly wasm: { readonly _malloc: (bytes: number) => number; readonly _free: (address: number) => void };
}

function has<K extends string>(value: unknown, key: K): value is { readonly [P in K]: unknown } {
  return typeof value === "object" && value !== null && key in value;
}

const heaps = new WeakMap<KernelBackend, Heap>();

/** The heap of a wasm engine; `undefined` for others, and if this version of TensorFlow.js keeps it elsewhere. */
export function heapOf(backend: KernelBackend): Heap | undefined {
  const known = heaps.get(backend);
  if (known !== undefined) return known;
  const found = findHeap(backend);
  if (found !== undefined) heaps.set(backend, found);
  return found;
}

function findHeap(backend: KernelBackend): Heap | undefined {
  if (!isWasmEngine(backend)) return undefined;
  const { wasm } = backend;
  // The build with threads is handed its memory, which is shared between them.
  const own = has(wasm, "asm") && has(wasm.asm, "memory") ? wasm.asm.memory : undefined;
  const memory = own ?? (has(wasm, "wasmMemory") ? wasm.wasmMemory : undefined);
  if (!isMemory(memory)) return undefined;
  return {
    id: "tfjs:wasm",
    memory,
    allocate: (bytes) => wasm._malloc(bytes) >>> 0,
    free: (address) => wasm._free(address),
  };
}

function isWasmEngine(backend: KernelBackend): backend is WasmEngine {
  if (!has(backend, "wasm") || !has(backend, "dataIdMap") || !has(backend, "makeOutput")) return false;
  const { wasm, dataIdMap, makeOutput } = backend;
  if (typeof makeOutput !== "function" || !has(dataIdMap, "get")) return false;
  return has(wasm, "_malloc") && has(wasm, "_free") && [wasm._malloc, wasm._free].every((f) => typeof f === "function");
}

/** Data of a tensor: with these contents, or with whatever is there. Throws if there is no memory. */
export function newData(backend: KernelBackend, shape: readonly number[], dtype: TfDType, data?: HostData): TensorInfo {
  const own = [...shape];
  const heap = heapOf(backend);
  if (heap === undefined) return { dataId: backend.write(data as Float32Array, own, dtype), shape: own, dtype };
  const bytes = sizeOf(own) * (dtype === "bool" ? 1 : 4);
  const at = takeMemory(heap, bytes, "a tensor");
  if (data !== undefined)
    new Uint8Array(heap.memory.buffer, at, bytes).set(new Uint8Array(data.buffer, data.byteOffset, bytes));
  return (backend as WasmEngine).makeOutput(own, dtype, at);
}

/** The floats of a value: a view of the memory, which growth empties. */
export function floatsOf(backend: KernelBackend, x: TensorInfo): Float32Array {
  const heap = heapOf(backend);
  if (heap === undefined) return backend.readSync(x.dataId) as Float32Array;
  const { memoryOffset } = (backend as WasmEngine).dataIdMap.get(x.dataId);
  return new Float32Array(heap.memory.buffer, memoryOffset, sizeOf(x.shape));
}

const guards = new WeakMap<KernelBackend, KernelBackend>();

/** An engine whose kernels take memory for their results here; the engine itself if it is not the wasm one. */
export function guarded(backend: KernelBackend): KernelBackend {
  if (heapOf(backend) === undefined) return backend;
  const known = guards.get(backend);
  if (known !== undefined) return known;
  const makeOutput: WasmEngine["makeOutput"] = (shape, dtype, at, values) =>
    typeof at === "number"
      ? (backend as WasmEngine).makeOutput(shape, dtype, at)
      : newData(backend, shape, dtype, (values ?? undefined) as HostData | undefined);
  const guard = Object.create(backend, { makeOutput: { value: makeOutput } }) as KernelBackend;
  guards.set(backend, guard);
  return guard;
}
