import { LossesError, type DimSizes, type MaybePromise } from "@losses/core";
import { webAssembly } from "../platform.js";
import type { HostStep, Place, Program } from "../program.js";
import { bySizes } from "./bySizes.js";
import { checkBytes, takeMemory, type Heap } from "./heap.js";
import { ending } from "./later.js";
import { layoutOf, type Layout } from "./layout.js";
import { planShares, type Job, type Run, type SharePlan, type Team } from "./shares.js";

/** A program that is ready to run in one heap. */
export interface Machine {
  /** Runs it on tensors at these addresses, by their names in the program. */
  readonly run: (sizes: DimSizes, addresses: ReadonlyMap<string, number>) => void;
  /** The same for a caller who takes a promise: where threads work together and this one may not wait for them. */
  readonly runLater: (sizes: DimSizes, addresses: ReadonlyMap<string, number>) => MaybePromise<void>;
  /** Takes the memory for running it any number of times. */
  readonly start: (sizes: DimSizes) => Session;
}

export interface Session {
  readonly run: (addresses: ReadonlyMap<string, number>) => void;
  readonly runLater: (addresses: ReadonlyMap<string, number>) => MaybePromise<void>;
  /** Gives the memory back. */
  readonly end: () => void;
}

/** Does a step of a program for known sizes; told where each of its tensors is. */
export type BoundStep = (address: (place: Place) => number) => void;

/** What does the steps of programs that JavaScript does. */
export interface Host {
  /** Makes a step ready for one heap, then for known sizes. */
  readonly bindStep: (step: HostStep, heap: Heap, team: Team | undefined) => (sizes: DimSizes) => BoundStep;
}

/** What a program needs for known sizes. */
interface Bound {
  readonly layout: Layout;
  readonly steps: readonly BoundStep[];
  /** What is done by several threads; `undefined` where nothing is gained by that. */
  readonly plan: SharePlan | undefined;
  readonly shares: number;
}

/**
 * Makes a program ready that is computed whole; throws what the platform throws if it allows no new code.
 *
 * @param host - does what the program asks JavaScript for; `undefined` where it asks for nothing
 * @param team - the threads that do it with this one, where it was compiled with `shares`
 */
export function plainMachine(program: Program, heap: Heap, host?: Host, team?: Team): Machine {
  const platform = webAssembly();
  if (platform === undefined)
    throw new LossesError("BACKEND_FAILED", `${heap.id}: there must be WebAssembly, got none.`);
  const isMemoryShared = !(heap.memory.buffer instanceof ArrayBuffer);
  const module = new platform.Module(program.bytes(isMemoryShared));
  let running: Bound | undefined;
  const whole = (step: number, table: number): void => {
    const bound = running?.steps[step];
    if (bound === undefined) throw new RangeError(`there is no step ${step}`);
    // The table is read before anything makes the memory grow.
    const numbers = new Uint32Array(heap.memory.buffer, table >>> 0, program.numbers.length);
    bound(({ offset }) => numbers[offset / 4] ?? 0);
  };
  const { run } = new platform.Instance(module, { host: { memory: heap.memory, whole } }).exports;
  if (typeof run !== "function") {
    throw new LossesError("BACKEND_FAILED", `${heap.id}: a program must have a function run, got none.`);
  }
  const call = run as Run;
  const end = 2 * program.stages;
  const together = program.works && team?.prepare(module);
  const steps = program.hostSteps.map((step) => {
    if (host === undefined) throw new RangeError(`a step of kind ${step.kind} needs JavaScript`);
    return host.bindStep(step, heap, team);
  });
  const bind = bySizes((sizes): Bound => {
    const plan = team && program.works && planShares(program.works, sizes, team);
    const shares = plan === undefined ? 1 : (team?.shares ?? 1);
    return { layout: layoutOf(program, sizes, shares), steps: steps.map((step) => step(sizes)), plan, shares };
  });
  const jobOf = (bound: Bound, plan: SharePlan, table: number): Job => ({
    plan,
    table,
    tableBytes: bound.layout.tableBytes,
    // Other runs may come in between.
    run: (...step) => {
      running = bound;
      call(...step);
    },
  });
  const start = (sizes: DimSizes): Session => {
    const bound = bind(sizes);
    const { layout, shares } = bound;
    checkBytes(heap, layout.largest, "intermediate results");
    const arena = takeMemory(heap, layout.bytes, "intermediate results");
    const tableOf = (share: number): Int32Array =>
      new Int32Array(heap.memory.buffer, arena + share * layout.tableBytes, layout.table.length);
    for (let share = 0; share < shares; share++) {
      const table = tableOf(share);
      table.set(layout.table);
      for (const [at, offset, apart] of layout.inArena) table[at] = arena + offset + share * apart;
    }
    const write = (addresses: ReadonlyMap<string, number>): void => {
      for (let share = 0; share < shares; share++) {
        const table = tableOf(share);
        for (const [at, name] of layout.tensors) table[at] = addressOf(heap, addresses, name);
      }
    };
    const job = bound.plan && jobOf(bound, bound.plan, arena);
    const runHere = (addresses: ReadonlyMap<string, number>): void => {
      write(addresses);
      running = bound;
      if (together === undefined || job === undefined) call(arena, 0, end, 0, 1);
      else together.run(job);
    };
    return {
      run: runHere,
      runLater: (addresses) => {
        if (together?.runLater === undefined || job === undefined) return runHere(addresses);
        write(addresses);
        return together.runLater(job);
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
    runLater: (sizes, addresses) => {
      const session = start(sizes);
      return ending(() => session.runLater(addresses), session.end);
    },
  };
}

function addressOf({ id }: Heap, addresses: ReadonlyMap<string, number>, name: string): number {
  const address = addresses.get(name);
  if (address !== undefined) return address;
  throw new LossesError("MISSING_INPUT", `${id}: there must be an address for ${name}, got none.`);
}
