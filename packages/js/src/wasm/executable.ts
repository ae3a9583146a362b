import type { DimSizes, Executable } from "@losses/core";
import { createMachine, type Heap, type Machine, type Program, type Team } from "@losses/wasm";
import type { JsTensor } from "../tensor.js";
import { prepareCall, type Call } from "./call.js";
import type { Residents } from "./residents.js";

/**
 * A program as an executable. It works on tensors in its memory where they are; others are copied in, and results come
 * as arrays of their own, or where they were asked for.
 */
export function makeExecutable(
  program: Program,
  heap: Heap,
  team: Team | undefined,
  residents: Residents,
): Executable<JsTensor> {
  const machine = createMachine(program, heap, team);
  return {
    run: (feeds, sizes, out = [], isLater = false) => {
      const call = prepareCall(program, heap, residents, { feeds, sizes, out });
      if (!isLater || team === undefined) {
        try {
          machine.run(sizes, call.addresses);
          return call.results();
        } finally {
          call.end();
        }
      }
      return runLater(machine, residents, sizes, call, [
        ...Object.values(feeds),
        ...out.flatMap((tensor) => tensor ?? []),
      ]);
    },
    dispose: () => undefined,
  };
}

/** Tensors that are read and written in the meantime keep their memory. */
async function runLater(
  machine: Machine,
  residents: Residents,
  sizes: DimSizes,
  call: Call,
  tensors: readonly JsTensor[],
): Promise<readonly JsTensor[]> {
  const letGo = residents.hold(tensors);
  try {
    await machine.runLater(sizes, call.addresses);
    return call.results();
  } finally {
    call.end();
    letGo();
  }
}
