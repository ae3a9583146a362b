import { checkArgument, LossesError, type DimSizes } from "@losses/core";
import { bySizes } from "./bySizes.js";
import { checkBytes, readHeap, takeMemory, type Heap } from "./heap.js";
import { bindStep, type BoundStep } from "./hostSteps.js";
import { layoutOf, type Layout } from "./layout.js";
import { webAssembly } from "../platform.js";
import { programBytes, programRule, type Program } from "../program.js";
import { createStripMachine } from "../strips/machine.js";

/** A program that is ready to run in one heap. */
export interface Machine {
  /** Runs it on tensors at these addresses, by their names in the program. */
  readonly run: (sizes: DimSizes, addresses: ReadonlyMap<string, number>) => void;
  /** Takes the memory for running it any number of times. */
  readonly start: (sizes: DimSizes) => Session;
}

export interface Session {
  readonly run: (addresses: ReadonlyMap<string, number>) => void;
  /** Gives the memory back. */
  readonly end: () => void;
}

/** What a program needs for known sizes. */
interface Bound {
  readonly layout: Layout;
  readonly steps: readonly BoundStep[];
}

/** Makes a program ready; throws what the platform throws if it allows no new code. */
export function createMachine(program: Program, given: Heap): Machine {
  checkArgument("createMachine", "the program", program, programRule);
  const heap = readHeap("createMachine", given);
  const machine = plainMachine(program, heap);
  if (program.strips.matrices.length === 0) return machine;
  const strips = createStripMachine(program.strips, heap, (body) => plainMachine(body, heap));
  return {
    start: machine.start,
    run: (sizes, addresses) => {
      if (!strips.run(sizes, addresses)) machine.run(sizes, addresses);
    },
  };
}

function plainMachine(program: Program, heap: Heap): Machine {
  const platform = webAssembly();
  if (platform === undefined)
    throw new LossesError("BACKEND_FAILED", `${heap.id}: there must be WebAssembly, got none.`);
  const isMemoryShared = !(heap.memory.buffer instanceof ArrayBuffer);
  const module = new platform.Module(programBytes(program, isMemoryShared));
  let running: Bound | undefined;
  const whole = (step: number, table: number): void => {
    const bound = running?.steps[step];
    if (bound === undefined) throw new RangeError(`there is no step ${step}`);
    // The table is read before anything makes the memory grow.
    const numbers = new Uint32Array(heap.memory.buffer, table >>> 0, program.numbers.length);
    bound(({ offset }) => numbers[offset / 4] ?? 0);
  };
  const host = { memory: heap.memory, whole };
  const { run } = new platform.Instance(module, { host }).exports;
  if (typeof run !== "function") {
    throw new LossesError("BACKEND_FAILED", `${heap.id}: a program must have a function run, got none.`);
  }
  const bodies = program.hostSteps.map((step) =>
    step.kind === "recursion" ? createMachine(step.body, heap) : undefined,
  );
  const bind = bySizes((sizes): Bound => {
    const steps = program.hostSteps.map((step, i) => bindStep(step, heap, bodies[i], sizes));
    return { layout: layoutOf(program, sizes), steps };
  });
  const start = (sizes: DimSizes): Session => {
    const bound = bind(sizes);
    const { layout } = bound;
    checkBytes(heap, layout.largest, "intermediate results");
    const arena = takeMemory(heap, layout.bytes, "intermediate results");
    const fixed = layout.table.slice();
    for (const [at, offset] of layout.inArena) fixed[at] = arena + offset;
    new Int32Array(heap.memory.buffer, arena, fixed.length).set(fixed);
    return {
      run: (addresses) => {
        const table = new Int32Array(heap.memory.buffer, arena, fixed.length);
        for (const [at, name] of layout.tensors) table[at] = addressOf(heap, addresses, name);
        running = bound;
        run(arena);
      },
      end: () => heap.free(arena),
    };
  };
  return {
    start,
    run: (sizes, addresses) => {
      const session = start(sizes);
      try {
        session.run(addresses);
      } finally {
        session.end();
      }
    },
  };
}

function addressOf({ id }: Heap, addresses: ReadonlyMap<string, number>, name: string): number {
  const address = addresses.get(name);
  if (address !== undefined) return address;
  throw new LossesError("MISSING_INPUT", `${id}: there must be an address for ${name}, got none.`);
}
