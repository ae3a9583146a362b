import { bindShape, LossesError, type DimSizes, type Graph } from "@losses/core";
import { compileProgram, createMachine, findFeatures, whyNot, type Machine, type Program } from "@losses/wasm";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import type { TfDType } from "./kernels/runtime.js";
import type { Tf, TfTensor } from "./tf.js";
import { heapOf, newData, type WasmEngine } from "./wasmHeap.js";

/** What keeps graphs from being run in the memory of TensorFlow.js's wasm engine; `undefined` if nothing does. */
export function obstacleTo(tf: Tf): string | undefined {
  if (findFeatures() === undefined) return whyNot();
  const backend: unknown = tf.findBackend("wasm");
  const isReached = typeof backend === "object" && backend !== null && heapOf(backend as KernelBackend) !== undefined;
  return isReached ? undefined : noHeap;
}

const noHeap = "the memory of TensorFlow.js must be where 4.x has it, got none there.";

type Results = readonly (TfTensor | undefined)[];

/** What a graph in WebAssembly of its own gives, or why it cannot run. */
export type Injected =
  | { readonly results: readonly TfTensor[]; readonly reason: undefined }
  | { readonly results: undefined; readonly reason: string | undefined };

/** Runs in the current engine, with results in `out` where that has tensors, if that engine and the platform allow it. */
export type RunInjected = (feeds: Readonly<Record<string, TfTensor>>, sizes: DimSizes, out?: Results) => Injected;

/** Results where they were asked for: copied into the tensors of `out`, and freed. */
export function copyInto(tf: Tf, results: readonly TfTensor[], out: Results): readonly TfTensor[] {
  const backend = tf.backend() as WasmEngine;
  return results.map((result, i) => {
    const target = out[i];
    if (target === undefined) return result;
    const [from, to] = [backend.dataIdMap.get(result.dataId), backend.dataIdMap.get(target.dataId)];
    const bytes = new Uint8Array(heapOf(backend)?.memory.buffer ?? new ArrayBuffer(0));
    bytes.copyWithin(to.memoryOffset, from.memoryOffset, from.memoryOffset + 4 * result.size);
    result.dispose();
    return target;
  });
}

/** A graph for the memory of TensorFlow.js's wasm engine. */
export function injected(tf: Tf, graph: Graph): RunInjected {
  const { program, reason } = compileProgram(graph, findFeatures() ?? { relaxed: false });
  if (program === undefined) return () => ({ results: undefined, reason });
  let known: ({ readonly backend: KernelBackend } & Ready) | undefined;
  return (feeds, sizes, out = []) => {
    const backend = tf.backend();
    if (known?.backend !== backend) known = { backend, ...machineFor(program, backend) };
    const { machine, reason } = known;
    if (machine === undefined) return { results: undefined, reason };
    return { results: runIn(tf, backend as WasmEngine, { program, machine }, feeds, sizes, out), reason };
  };
}

type Ready =
  { readonly machine: Machine; readonly reason: undefined } | { readonly machine: undefined; readonly reason: string };

function machineFor(program: Program, backend: KernelBackend): Ready {
  const heap = heapOf(backend);
  if (heap === undefined) return { machine: undefined, reason: noHeap };
  try {
    return { machine: createMachine(program, heap), reason: undefined };
  } catch (cause) {
    // A content security policy, or a limit on modules that are compiled at once.
    return { machine: undefined, reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

function runIn(
  tf: Tf,
  backend: WasmEngine,
  { program, machine }: { readonly program: Program; readonly machine: Machine },
  feeds: Readonly<Record<string, TfTensor>>,
  sizes: DimSizes,
  out: Results,
): readonly TfTensor[] {
  const addresses = new Map<string, number>();
  const addressOf = ({ dataId }: TensorInfo, name: string): number => {
    const at = backend.dataIdMap.get(dataId).memoryOffset;
    if (at !== 0) return at;
    const what = `${name} must be in memory, got a tensor for which TensorFlow.js found none`;
    throw new LossesError("BACKEND_FAILED", `tfjs:wasm: ${what}. Dispose tensors, or use smaller batches.`);
  };
  for (const { name, address } of program.inputs) {
    const tensor = feeds[name];
    if (tensor === undefined) throw new LossesError("MISSING_INPUT", `tfjs: ${name} must be fed, got nothing.`);
    addresses.set(address, addressOf(tensor, name));
  }
  const made: TensorInfo[] = [];
  try {
    const results = program.outputs.map(({ address, name, shape, dtype }, i) => {
      const given = out[i];
      const result = given ?? newData(backend, bindShape(shape, sizes), dtype as TfDType);
      if (given === undefined) made.push(result);
      addresses.set(address, addressOf(result, name));
      return result;
    });
    machine.run(sizes, addresses);
    return results.map((result, i) => out[i] ?? tf.engine().makeTensorFromTensorInfo(result, backend));
  } catch (error) {
    for (const { dataId } of made) backend.disposeData(dataId);
    throw error;
  }
}
