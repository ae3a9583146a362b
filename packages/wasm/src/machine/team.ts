import { checkArgument, LossesError, readOptions, type Rule } from "@losses/core";
import type { OwnTeam } from "../threads/team.js";
import { textRule, type Heap } from "./heap.js";
import { createHeap, heapRules, type HeapOptions } from "./ownHeap.js";

/** Threads that work in one memory, which is that of a heap. */
export interface ThreadTeam extends OwnTeam {
  readonly heap: Heap;
}

/** Milliseconds after which a thread that does not answer is given up. */
const usualPatience = 60_000;

/** Ends the threads whose heap nobody holds. */
const forgotten = new FinalizationRegistry((close: () => void) => close());

/** The most threads of a team. */
export const mostThreads = 64;

const threadsRule: Rule = {
  domain: `a whole number from 2 to ${mostThreads}`,
  accepts: (value) => Number.isInteger(value) && Number(value) > 1 && Number(value) <= mostThreads,
};

const patienceRule: Rule = { domain: "a number >= 0", accepts: (value) => typeof value === "number" && value >= 0 };

/**
 * Threads that run programs together with the one that calls, and a heap whose memory they share. They end with `close`, and keep no
 * process alive. Where the one that calls may not wait for others, as that of a page, it leaves all to them in `runLater`, and does all alone
 * in `run`.
 *
 * @param id - whose they are
 * @param threads - how many work at the same time
 * @param patience - milliseconds after which a thread that does not answer is given up
 * @param options - what its memory may be
 * @throws Error where there can be none, with the reason
 */
export async function createTeam(
  id: string,
  threads: number,
  patience: number = usualPatience,
  options?: Omit<HeapOptions, "isShared">,
): Promise<ThreadTeam> {
  checkArgument("createTeam", "id", id, textRule);
  checkArgument("createTeam", "threads", threads, threadsRule);
  checkArgument("createTeam", "patience", patience, patienceRule);
  const given = readOptions("createTeam", options, { ceiling: heapRules.ceiling });
  if (typeof SharedArrayBuffer === "undefined") {
    const headers = "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
    throw new Error(`memory cannot be shared by threads. Serve the page with ${headers}.`);
  }
  const failed = (reason: string): LossesError =>
    new LossesError(
      "BACKEND_FAILED",
      `${id}: each thread must answer, got one that does not: ${reason} Make a new backend.`,
    );
  const heap = createHeap(id, { ...given, isShared: true });
  // Not in the way of those who have one thread. What is loaded imports nothing of ours.
  const { startTeam } = await import("../threads/team.js");
  const team = await startTeam({ memory: heap.memory, threads, patience, failed });
  forgotten.register(heap, team.close);
  return { ...team, heap };
}
