import type { Job, Run, SharedModule, Team } from "../machine/shares.js";
import { startCrew } from "./crew.js";
import { advance, canWaitLater, giveUp, opened, takePart, wordsFor, type Ending } from "./takePart.js";

/** What a team is made of, besides its threads. */
export interface TeamParts {
  /** Its memory is shared. */
  readonly memory: object;
  readonly threads: number;
  /** Milliseconds after which a thread that does not answer is given up. */
  readonly patience: number;
  /** The error of a team that is no more. */
  readonly failed: (reason: string) => Error;
}

/** A team with its threads. */
export interface OwnTeam extends Team {
  /** Ends the threads. */
  readonly close: () => void;
}

/** Milliseconds after which a thread that waits for others looks whether they are still there. */
const turn = 100;

/** Others are waited for this many times as long as the caller has worked itself, if that is more: a share takes all of them about as long. */
const patienceFactor = 10;

/**
 * To wake a thread takes 30 to 60 microseconds, once for a run and again where it has waited for a stage. A unit of cost takes 0.6 (products)
 * to 3 nanoseconds (softmax): what is shared out takes one thread at least twice as long as that.
 */
const leastStage = 65_536;
const leastProgram = 262_144;

/** Whether this thread may wait for others: that of a page may not. */
function mayWait(): boolean {
  try {
    // Answers at once.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts the threads; throws an Error where there can be none, with the reason. */
export async function startTeam({ memory, threads, patience, failed: errorOf }: TeamParts): Promise<OwnTeam> {
  const takesPart = mayWait();
  if (!takesPart && !canWaitLater()) {
    throw new Error("this thread may not wait for others, and has no Atomics.waitAsync. Make the backend in a worker.");
  }
  /** The run that this thread does not take part in. */
  let left: Int32Array | undefined;
  const leave = (): void => {
    if (left !== undefined) giveUp(left);
  };
  const crew = await startCrew(memory, takesPart ? threads - 1 : threads, leave);
  const failed = (reason: string): Error => {
    crew.end(reason);
    return errorOf(crew.failure() ?? reason);
  };
  const check = (ending: Ending): void => {
    if (ending === "given up") throw failed("it has failed.");
    if (ending === "timed out") throw failed("it was waited for in vain.");
  };
  /** The words of a run, which the others are told of. */
  const begin = (module: number, { plan, table, tableBytes }: Job): Int32Array => {
    const failure = crew.failure();
    if (failure !== undefined) throw failed(failure);
    const words = wordsFor(plan, table, tableBytes, threads);
    crew.tell({ id: module, words });
    return words;
  };

  const alone = ({ plan, table, tableBytes, run }: Job): void =>
    check(takePart(wordsFor(plan, table, tableBytes, threads), run, true, 0));

  let isBusy = false;
  const together = (module: number, job: Job): void => {
    // A step that calls JavaScript may run a program of its own, while the others wait for it.
    if (isBusy) return alone(job);
    const words = begin(module, job);
    isBusy = true;
    let worked = 0;
    const run: Run = (...step) => {
      const begun = performance.now();
      job.run(...step);
      worked += performance.now() - begun;
    };
    try {
      let ending = takePart(words, run, true, turn);
      // Turns are counted, not the time that they took: that of a process which was stopped is nobody's fault.
      for (let turns = 1; ending === "timed out"; turns++) {
        if (crew.hasLost()) throw failed("it has ended.");
        if (turns * turn >= Math.max(patience, patienceFactor * worked)) break;
        ending = takePart(words, run, true, turn);
      }
      check(ending);
    } catch (cause) {
      if (giveUp(words)) crew.end("another has failed.");
      throw cause;
    } finally {
      isBusy = false;
    }
  };

  const lead = async (module: number, job: Job): Promise<void> => {
    const words = begin(module, job);
    left = words;
    const wait = async (step: number): Promise<void> => check(await opened(words, step, patienceFactor * patience));
    try {
      for (const [step, { isShared, from, to }] of job.plan.entries()) {
        if (isShared) continue;
        await wait(step);
        job.run(job.table, from, to, 0, 1);
        advance(words, step);
      }
      await wait(job.plan.length);
    } catch (cause) {
      giveUp(words);
      throw cause;
    } finally {
      left = undefined;
    }
  };
  /** One run at a time: the threads are all busy with it. */
  let last: Promise<void> = Promise.resolve();
  const inTurn = async (module: number, job: Job): Promise<void> => {
    const own = last.then(() => lead(module, job));
    last = own.catch(() => undefined);
    await own;
  };

  let modules = 0;
  /** What runs is in use, even if nobody holds it. */
  const running = new Set<SharedModule>();
  const forgotten = new FinalizationRegistry((module: number) => crew.tell({ forgotten: module }));
  return {
    shares: threads,
    leastStage,
    leastProgram,
    prepare: (module) => {
      const number = modules++;
      crew.tell({ id: number, module });
      const shared: SharedModule = takesPart
        ? { run: (job) => together(number, job), runLater: undefined }
        : {
            run: alone,
            runLater: async (job) => {
              running.add(shared);
              try {
                await inTurn(number, job);
              } finally {
                running.delete(shared);
              }
            },
          };
      forgotten.register(shared, number);
      return shared;
    },
    close: () => {
      crew.end("it was ended.");
      leave();
    },
  };
}
