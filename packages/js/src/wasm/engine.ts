import { LossesError, UnsupportedOpError, type Engine, type Executable, type Graph } from "@losses/core";
import { compileProgram, createHeap, findFeatures, type Features, type ThreadTeam } from "@losses/wasm";
import { convertTensor, isJsTensor, makeTensor, type JsTensor } from "../tensor.js";
import { makeExecutable } from "./executable.js";
import { residentsOf } from "./residents.js";

export const wasmId = "js:wasm";

/**
 * The engine that compiles graphs to WebAssembly. Tensors that it makes are in its memory, results in arrays of their own.
 *
 * @param available - what compiled code may use; default: what there is
 * @param team - threads that work together with the one that calls, and end with the engine; default: none
 */
export function wasmEngine(available: Features | undefined = findFeatures(), team?: ThreadTeam): Engine<JsTensor> {
  const id = wasmId;
  const heap = team?.heap ?? createHeap(id);
  const features = available && { ...available, shares: team !== undefined };
  const residents = residentsOf(heap);
  const compile = (graph: Graph): Executable<JsTensor> => {
    const program = features && compileProgram(graph, features, ["float32", "int32", "bool"]);
    if (program === undefined) {
      const wanted = `${graph.name} must be computed in float32, int32 and bool`;
      throw new UnsupportedOpError(`${id}: ${wanted}, got others. Use the engine scalar.`);
    }
    try {
      return makeExecutable(program, heap, team, residents);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      const message = `${id}: ${graph.name} must be compiled, got: ${said} Use the engine scalar.`;
      throw new LossesError("BACKEND_FAILED", message, { cause });
    }
  };
  return {
    id,
    device: "cpu",
    dtypes: ["float32"],
    sharesMemory: residents.overlap,
    isTensor: isJsTensor,
    describe: ({ shape, dtype }) => ({ shape, dtype }),
    convert: convertTensor,
    upload: (tensor) =>
      tensor.dtype === "float32" || tensor.dtype === "int32" ? residents.make(tensor) : makeTensor(tensor),
    download: (tensor) => {
      if (residents.addressOf(tensor) === undefined) return tensor;
      return { data: tensor.data.slice(), shape: tensor.shape, dtype: tensor.dtype };
    },
    release: residents.release,
    compile,
    dispose: () => team?.close(),
  };
}
