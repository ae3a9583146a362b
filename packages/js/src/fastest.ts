import type { Engine, Executable, Graph } from "@losses/core";
import { whyNot, type HeapOptions, type ThreadTeam } from "@losses/wasm";
import { scalarEngine } from "./scalar/engine.js";
import type { JsTensor } from "./tensor.js";
import { wasmEngine } from "./wasm/engine.js";

/**
 * The fastest engine for each graph: WebAssembly for those in float32 where it works, plain JavaScript for the others.
 *
 * @param team - threads for WebAssembly
 * @param options - what its memory may be, where there is no team
 */
export function fastestEngine(team?: ThreadTeam, options?: HeapOptions): Engine<JsTensor> {
  const id = "js";
  const scalar = scalarEngine();
  const byScalar = (graph: Graph, reason: string): Executable<JsTensor> => ({
    ...scalar.compile(graph),
    use: { engine: scalar.id, reason },
  });
  const reason = whyNot();
  if (reason !== undefined) return { ...scalar, id, compile: (graph) => byScalar(graph, reason) };
  const wasm = wasmEngine(undefined, team, options);
  return {
    ...wasm,
    id,
    dtypes: scalar.dtypes,
    compile: (graph) => {
      const { executable, reason } = wasm.attempt(graph);
      return executable === undefined ? byScalar(graph, reason) : { ...executable, use: { engine: wasm.id } };
    },
  };
}
