import { spawn, type Thread } from "./spawn.js";
import type { Message } from "./worker.js";

/** Threads that wait for what they are told. */
export interface Crew {
  readonly tell: (message: Message) => void;
  /** Why it is no more. */
  readonly failure: () => string | undefined;
  /** Whether one has ended of which nothing was heard yet. */
  readonly hasLost: () => boolean;
  readonly end: (reason: string) => void;
}

/** Starts so many threads. Without one of them they are no crew: then all are ended, and `failed` is called. */
export async function startCrew(memory: object, count: number, failed: () => void): Promise<Crew> {
  let failure: string | undefined;
  const threads: Thread[] = [];
  const end = (reason: string): void => {
    failure ??= reason;
    for (const thread of threads.splice(0)) thread.end();
  };
  const start = async (): Promise<void> =>
    await new Promise((resolve, reject) => {
      const thread = spawn((answer) => {
        if ("isReady" in answer) return resolve();
        reject(new Error(answer.failure));
        if (failure !== undefined) return;
        end(answer.failure);
        failed();
      });
      threads.push(thread);
      thread.tell({ memory });
    });
  try {
    await Promise.all(Array.from({ length: count }, start));
  } catch (cause) {
    // Some were started after another had failed.
    end("it could not be started.");
    throw cause;
  }
  for (const thread of threads) thread.letGo();
  return {
    tell: (message) => {
      for (const thread of threads) thread.tell(message);
    },
    failure: () => failure,
    hasLost: () => threads.some((thread) => thread.hasEnded()),
    end,
  };
}
