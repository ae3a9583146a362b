import type { CancelSignal, MaybePromise } from "../backend.js";

/** Throws the signal's reason if it has been given. */
export function stopIfCancelled(signal: CancelSignal | undefined): void {
  if (signal?.aborted === true) throw signal.reason;
}

/**
 * The result of `work`, or the signal's reason as soon as it is given. Work that cannot be stopped goes on, and what
 * comes of it is handed to `discard`.
 */
export function untilCancelled<A>(
  signal: CancelSignal | undefined,
  work: () => MaybePromise<A>,
  discard: (result: A) => void,
): MaybePromise<A> {
  if (signal === undefined) return work();
  stopIfCancelled(signal);
  const result = work();
  if (!(result instanceof Promise)) return result;
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      reject(signal.reason);
      result.then(discard, () => undefined);
    };
    const done = (): void => signal.removeEventListener("abort", cancel);
    signal.addEventListener("abort", cancel);
    result.then(resolve, reject).finally(done);
  });
}
