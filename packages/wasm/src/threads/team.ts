import { checkArgument, LossesError } from "@losses/core";
import { hostMath } from "../loops/host.js";
import type { Heap } from "../machine/heap.js";
import { createHeap } from "../machine/ownHeap.js";
import type { Run, SharePlan, Team } from "../machine/shares.js";
import { spawn, type Thread } from "./spawn.js";
import { giveUp, takePart, wordsFor } from "./takePart.js";

/** A team with its threads. */
export interface ThreadTeam extends Team {
  /** Its memory is shared by all. */
  readonly heap: Heap;
  /** Ends the threads. */
  readonly close: () => void;
}

/** Why threads cannot have memory in common here; `undefined` if they can. */
function whyNotShared(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") {
    const headers = "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
    return `memory cannot be shared by threads. Serve the page with ${headers}.`;
  }
  try {
    // The thread of a page may not wait: this throws there, and answers at once elsewhere.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return undefined;
  } catch {
    return "this thread may not wait for others. Make the backend in a worker.";
  }
}

/** How long others are waited for, in milliseconds, when the caller has nothing left to do: a share takes all of them about as long. */
const patience = 60_000;

const threadsRule = {
  domain: "a whole number > 1",
  accepts: (value: unknown): boolean => Number.isInteger(value) && Number(value) > 1,
};

/**
 * Threads that run programs together with the one that calls, and a heap whose memory they share. They end with `close`, and keep no
 * process alive.
 *
 * @param id - whose they are
 * @param threads - how many, with the one that calls
 * @throws Error where there can be none, with the reason
 */
export async function createTeam(id: string, threads: number): Promise<ThreadTeam> {
  checkArgument("createTeam", "threads", threads, threadsRule);
  const reason = whyNotShared();
  if (reason !== undefined) throw new Error(reason);
  const heap = createHeap(id, true);
  let failure: string | undefined;
  const crew: Thread[] = [];
  const close = (): void => {
    for (const thread of crew) thread.end();
    crew.length = 0;
  };
  const fail = (reason: string): LossesError => {
    failure ??= reason;
    close();
    return new LossesError(
      "BACKEND_FAILED",
      `${heap.id}: each thread must answer, got one that does not: ${failure} Make a new backend.`,
    );
  };
  const starts = Array.from({ length: threads - 1 }, async () => {
    await new Promise<void>((resolve, reject) => {
      const thread = spawn((answer) => {
        if ("isReady" in answer) return resolve();
        failure ??= answer.failure;
        reject(new Error(answer.failure));
      });
      crew.push(thread);
      thread.tell({ memory: heap.memory, math: Object.keys(hostMath) });
    });
  });
  try {
    await Promise.all(starts);
  } catch (cause) {
    close();
    throw cause;
  }
  for (const thread of crew) thread.letGo();
  let modules = 0;
  const forgotten = new FinalizationRegistry((module: number) => {
    for (const thread of crew) thread.tell({ forgotten: module });
  });
  return {
    heap,
    shares: threads,
    leastStage: 16384,
    leastProgram: 65536,
    prepare: (module, run: Run) => {
      const own = modules++;
      for (const thread of crew) thread.tell({ id: own, module });
      const runShares = (plan: SharePlan, table: number, tableBytes: number): void => {
        if (failure !== undefined) throw fail(failure);
        const words = wordsFor(plan, table, tableBytes, threads);
        for (const thread of crew) thread.tell({ id: own, words });
        let ended;
        try {
          ended = takePart(words, run, true, patience);
        } catch (cause) {
          if (giveUp(words)) fail("another has failed.");
          throw cause;
        }
        if (ended === 1) throw fail("it has failed.");
        if (ended === 2) throw fail("it was waited for in vain.");
      };
      forgotten.register(runShares, own);
      return runShares;
    },
    close,
  };
}
