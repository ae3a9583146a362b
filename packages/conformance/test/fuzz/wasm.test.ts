import { bindShape, defineSyncBackend, LossesError, sizeOf, type Engine, type HostTensor } from "@losses/core";
import {
  compileProgram,
  createHeap,
  createMachine,
  createTeam,
  findFeatures,
  type Heap,
  type Port,
  type Program,
} from "@losses/wasm";
import { setFlagsFromString } from "node:v8";
import { fuzzBackend } from "../../src/vitest.js";

// Programs of @losses/wasm on both levels of SIMD, by one thread and by several, in tensors that nothing aligns.

// Node 20 has relaxed SIMD, but hides it.
if (findFeatures()?.relaxed === false) setFlagsFromString("--experimental-wasm-relaxed-simd");

/** The same heap with pieces at addresses that are multiples of 4 alone. */
function unaligned({ id, memory, allocate, free }: Heap): Heap {
  let pieces = 0;
  const starts = new Map<number, number>();
  return {
    id,
    memory,
    allocate: (bytes) => {
      const start = allocate(bytes + 16);
      if (start === 0) return 0;
      const at = start + 4 * (1 + (pieces++ % 3));
      starts.set(at, start);
      return at;
    },
    free: (at) => {
      free(starts.get(at) ?? 0);
      starts.delete(at);
    },
  };
}

/** Whether each stage is shared out, however small it is. */
async function eagerTeam(threads: number): ReturnType<typeof createTeam> {
  return { ...(await createTeam("wasm", threads)), leastStage: 0, leastProgram: 0 };
}

/** Tensors are arrays outside of the memory: each run copies them in and out. */
async function engineOf(relaxed: boolean, threads: number): Promise<Engine<HostTensor>> {
  const team = threads === 1 ? undefined : await eagerTeam(threads);
  const heap = unaligned(team?.heap ?? createHeap("wasm"));
  const own = new WeakSet<object>();
  const owned = (tensor: HostTensor): HostTensor => {
    own.add(tensor);
    return tensor;
  };
  const runOnce = (
    program: Program,
    work: (addresses: ReadonlyMap<string, number>) => void,
    feeds: Readonly<Record<string, HostTensor>>,
    lengthOf: (port: Port) => number,
  ): readonly HostTensor["data"][] => {
    const ports = [...program.inputs, ...program.outputs];
    const addresses = new Map(ports.map((port) => [port.address, heap.allocate(4 * lengthOf(port))]));
    const view = (port: Port): Float32Array | Int32Array => {
      const View = port.dtype === "float32" ? Float32Array : Int32Array;
      return new View(heap.memory.buffer as ArrayBuffer, addresses.get(port.address) ?? 0, lengthOf(port));
    };
    try {
      for (const port of program.inputs) {
        const data = feeds[port.name]?.data ?? [];
        view(port).set(Float64Array.from(data, (x: number) => (port.dtype === "bool" && x !== 0 ? -1 : x)));
      }
      work(addresses);
      return program.outputs.map((port) => view(port).slice());
    } finally {
      for (const at of addresses.values()) heap.free(at);
    }
  };
  return {
    id: "wasm",
    device: "cpu",
    dtypes: ["float32"],
    isTensor: (value): value is HostTensor => typeof value === "object" && value !== null && own.has(value),
    describe: (tensor) => tensor,
    convert: (tensor) => tensor,
    upload: (tensor) => owned({ ...tensor }),
    download: (tensor) => tensor,
    release: () => undefined,
    compile: (graph) => {
      const features = { relaxed, shares: team !== undefined };
      const { program, reason } = compileProgram(graph, features, ["float32", "int32", "bool"]);
      if (program === undefined) throw new LossesError("BACKEND_FAILED", reason);
      const machine = createMachine(program, heap, team);
      return {
        run: (feeds, sizes) => {
          const shapeOf = ({ shape }: Port): readonly number[] => bindShape(shape, sizes);
          const work = (addresses: ReadonlyMap<string, number>): void => machine.run(sizes, addresses);
          const results = runOnce(program, work, feeds, (port) => sizeOf(shapeOf(port)));
          return program.outputs.map((port, i) =>
            owned({ data: results[i] ?? new Float32Array(0), shape: shapeOf(port), dtype: port.dtype }),
          );
        },
        dispose: () => undefined,
      };
    },
    dispose: () => team?.close(),
  };
}

const variants = [
  ["simd", false, 1],
  ["relaxed", true, 1],
  ["simd:2-threads", false, 2],
  ["relaxed:3-threads", true, 3],
] as const;

for (const [name, relaxed, threads] of variants) {
  await fuzzBackend(async () => defineSyncBackend(await engineOf(relaxed, threads)), {
    id: `js:wasm:${name}`,
    takesOut: false,
    seed: 3001,
  });
}
