import type { MaybePromise } from "../backend.js";

/** Continues at once with a value that is there, later with one that is not: one code path for both kinds of backend. */
export function chain<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** All of them, at once if all are there. */
export function all<A>(values: readonly MaybePromise<A>[]): MaybePromise<readonly A[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as readonly A[]);
}

/** Runs `cleanup` when the work is over, however it ends. */
export function withCleanup<A>(work: () => MaybePromise<A>, cleanup: () => void): MaybePromise<A> {
  let pending = false;
  try {
    const result = work();
    if (!(result instanceof Promise)) return result;
    pending = true;
    return result.finally(cleanup);
  } finally {
    if (!pending) cleanup();
  }
}
