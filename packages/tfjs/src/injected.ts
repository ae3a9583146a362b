import { bindShape, LossesError, type DimSizes, type Graph } from "@losses/core";
import { compileProgram, createMachine, findFeatures, type Machine, type Program } from "@losses/wasm";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import type { TfDType } from "./kernels/runtime.js";
import type { Tf, TfTensor } from "./tf.js";
import { heapOf, newData, type WasmEngine } from "./wasmHeap.js";

/** True if graphs can be run in the memory of this engine. */
export function canInject(tf: Tf, device: string): boolean {
  if (device !== "wasm" || findFeatures() === undefined) return false;
  const backend: unknown = tf.findBackend(device);
  return typeof backend === "object" && backend !== null && heapOf(backend as KernelBackend) !== undefined;
}

type Results = readonly (TfTensor | undefined)[];

/** A graph in WebAssembly of its own. */
export interface InjectedProgram {
  /**
   * Runs in the current engine, with results in `out` where that has tensors; `undefined` if that engine, or the platform,
   * does not allow it.
   */
  readonly run: (
    feeds: Readonly<Record<string, TfTensor>>,
    sizes: DimSizes,
    out?: Results,
  ) => readonly TfTensor[] | undefined;
}

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

/** Compiles a graph for the memory of TensorFlow.js's wasm engine, if that is possible here. */
export function injectedProgram(tf: Tf, graph: Graph): InjectedProgram | undefined {
  const features = findFeatures();
  const program = features && compileProgram(graph, features).program;
  if (program === undefined) return undefined;
  let known: { readonly backend: KernelBackend; readonly machine: Machine | undefined } | undefined;
  return {
    run: (feeds, sizes, out = []) => {
      const backend = tf.backend();
      if (known?.backend !== backend) known = { backend, machine: machineFor(program, backend) };
      const { machine } = known;
      return machine && runIn(tf, backend as WasmEngine, { program, machine }, feeds, sizes, out);
    },
  };
}

function machineFor(program: Program, backend: KernelBackend): Machine | undefined {
  const heap = heapOf(backend);
  if (heap === undefined) return undefined;
  try {
    return createMachine(program, heap);
  } catch {
    // A content security policy, or a limit on modules that are compiled at once.
    return undefined;
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
