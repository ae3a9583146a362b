import type { MaybePromise } from "@losses/core";

// What is there at once is gone on with at once: one code for callers who wait and for those who take a promise.

export function chain<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Runs `cleanup` when the work is over, however it ends. */
export function ending<T>(work: () => MaybePromise<T>, cleanup: () => void): MaybePromise<T> {
  let isLater = false;
  try {
    const result = work();
    isLater = result instanceof Promise;
    return result instanceof Promise ? result.finally(cleanup) : result;
  } finally {
    if (!isLater) cleanup();
  }
}

/** One step after the other. */
export function inTurn(count: number, step: (index: number) => MaybePromise<void>, first = 0): MaybePromise<void> {
  for (let i = first; i < count; i++) {
    const done = step(i);
    if (done instanceof Promise) return done.then(() => inTurn(count, step, i + 1));
  }
}

/** What nobody has made wait. */
export function atOnce<T>(value: MaybePromise<T>): T {
  if (value instanceof Promise) throw new RangeError("there is nothing to wait for");
  return value;
}
