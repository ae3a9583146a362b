import type { Engine, MaybePromise } from "../backend.js";
import { UnsupportedOpError } from "../errors.js";

/** Continues at once with a value that is there, later with one that is not: one code path for both kinds of backend. */
export function chain<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** All of them, at once where all are there. */
export function allOf<A>(values: readonly MaybePromise<A>[]): MaybePromise<readonly A[]> {
  const there = values.filter((value): value is Awaited<A> => !(value instanceof Promise));
  if (there.length === values.length) return there;
  return Promise.all(values.map((value) => Promise.resolve(value)));
}

/** Waits for all of them; if one fails, the others have ended too when that is known. */
export async function allEnded(values: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(values);
  await Promise.all(values);
}

/**
 * Runs `cleanup` when the work is over, however it ends, then `finish` with what came of it: all in one turn of the queue of
 * promises, for this is on the way of every small call.
 */
export function withCleanup<A, B>(
  work: () => MaybePromise<A>,
  cleanup: () => void,
  finish: (result: A) => B,
): MaybePromise<B> {
  let result: MaybePromise<A>;
  try {
    result = work();
  } catch (cause) {
    cleanup();
    throw cause;
  }
  if (!(result instanceof Promise)) {
    cleanup();
    return finish(result);
  }
  return result.then(
    (value) => {
      cleanup();
      return finish(value);
    },
    (cause: unknown) => {
      cleanup();
      throw cause;
    },
  );
}

/** The result of `work` as a promise, whatever it is; what it throws rejects. */
export function promised<A>(work: () => MaybePromise<A>): Promise<A> {
  try {
    const result = work();
    return result instanceof Promise ? result : Promise.resolve(result);
  } catch (cause) {
    return Promise.reject(cause);
  }
}

/** What is there at once. What comes later all the same, nobody gets: it is handed to `discard`. */
export function now<T, A>(engine: Engine<T>, value: MaybePromise<A>, discard: (value: A) => void): A {
  if (value instanceof Promise) {
    value.then(discard).catch(() => undefined);
    throw new UnsupportedOpError(
      `${engine.id}: a synchronous call must be answered at once, got a promise. Await value() or valueAndGrad() instead.`,
    );
  }
  return value;
}
