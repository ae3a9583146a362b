import { LossesError, UnsupportedOpError, type Engine, type Executable, type Graph } from "@losses/core";
import {
  compileProgram,
  createHeap,
  findFeatures,
  type Features,
  type HeapOptions,
  type ThreadTeam,
} from "@losses/wasm";
import { convertTensor, isJsTensor, makeTensor, type JsTensor } from "../tensor.js";
import { makeExecutable } from "./executable.js";
import { residentsOf } from "./residents.js";

export const wasmId = "js:wasm";

/** An executable, or the reason why there is none. */
export type Attempt =
  | { readonly executable: Executable<JsTensor>; readonly reason: undefined }
  | { readonly executable: undefined; readonly reason: string; readonly cause?: unknown };

export interface WasmEngine extends Engine<JsTensor> {
  /** Compiles a graph if that is possible here. */
  readonly attempt: (graph: Graph) => Attempt;
}

/**
 * The engine that compiles graphs to WebAssembly. Tensors that it makes are in its memory, results in arrays of their own.
 *
 * @param available - what compiled code may use; default: what there is
 * @param team - threads that work together with the one that calls, and end with the engine; default: none
 * @param options - what its memory may be, where there is no team
 */
export function wasmEngine(
  available: Features = findFeatures() ?? { relaxed: false },
  team?: ThreadTeam,
  options?: HeapOptions,
): WasmEngine {
  const id = wasmId;
  const heap = team?.heap ?? createHeap(id, options);
  const features = { ...available, shares: team !== undefined };
  const residents = residentsOf(heap);
  const attempt = (graph: Graph): Attempt => {
    const { program, reason } = compileProgram(graph, features, ["float32", "int32", "bool"]);
    if (program === undefined) return { executable: undefined, reason };
    try {
      return { executable: makeExecutable(program, heap, team, residents), reason };
    } catch (cause) {
      // A policy, or a limit on modules that are compiled at once.
      const said = cause instanceof Error ? cause.message : String(cause);
      return { executable: undefined, reason: `${graph.name} must be compiled, got: ${said}`, cause };
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
    attempt,
    compile: (graph) => {
      const tried = attempt(graph);
      if (tried.executable !== undefined) return tried.executable;
      const message = `${id}: ${tried.reason} Use the engine scalar.`;
      if (tried.cause === undefined) throw new UnsupportedOpError(message);
      throw new LossesError("BACKEND_FAILED", message, { cause: tried.cause });
    },
    dispose: () => team?.close(),
  };
}
