import { LossesError, type Engine } from "@losses/core";
import { whyNot, type ThreadTeam } from "@losses/wasm";
import { scalarEngine } from "./scalar/engine.js";
import type { JsTensor } from "./tensor.js";
import { wasmEngine } from "./wasm/engine.js";

/**
 * The fastest engine for each graph: WebAssembly for those in float32 where it works, plain JavaScript for the others.
 *
 * @param team - threads for WebAssembly
 */
export function fastestEngine(team?: ThreadTeam): Engine<JsTensor> {
  const scalar = { ...scalarEngine(), id: "js" };
  if (whyNot() !== undefined) return scalar;
  const wasm = wasmEngine(undefined, team);
  return {
    ...wasm,
    id: scalar.id,
    dtypes: scalar.dtypes,
    compile: (graph) => {
      try {
        return wasm.compile(graph);
      } catch (cause) {
        // Not in float32, or too large to be compiled in this thread.
        if (cause instanceof LossesError) return scalar.compile(graph);
        throw cause;
      }
    },
  };
}
