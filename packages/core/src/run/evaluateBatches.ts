import { isObject, printValue, readable, readOptions, type Rules } from "../arguments.js";
import type { Backend, CancelSignal, CompiledLoss, Feeds, HostTensor } from "../backend.js";
import { OptionError } from "../errors.js";
import { runRules } from "./callOptions.js";
import { stopIfCancelled } from "./cancel.js";
import { checkBackend } from "./checkBackend.js";

// Every JavaScript environment has it; the language's own library does not name it.
declare function setTimeout(call: () => void, milliseconds: number): unknown;

/** How far an evaluation has come; `total` where the batches are a list. */
export interface EvaluationProgress {
  readonly done: number;
  readonly total: number | undefined;
}

export interface EvaluateBatchesOptions {
  /** Ends the evaluation: it rejects with the signal's reason, and nothing that it made is left behind. */
  readonly signal?: CancelSignal;
  /** Called before the first batch and after each. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

const rules: Rules<EvaluateBatchesOptions> = {
  ...runRules,
  onProgress: { domain: "a function", accepts: (value) => typeof value === "function" },
};

function checkArguments(loss: unknown, batches: unknown): void {
  readable("evaluateBatches", () => {
    if (!isObject(loss) || typeof loss["value"] !== "function") {
      const cure = "Make one with await backend.compile(spec).";
      throw new OptionError(`evaluateBatches: the loss must be compiled, got ${printValue(loss)}. ${cure}`);
    }
    const isList =
      isObject(batches) &&
      (Symbol.iterator in batches || Symbol.asyncIterator in batches) &&
      !ArrayBuffer.isView(batches);
    if (!isList)
      throw new OptionError(`evaluateBatches: batches must be a list of inputs, got ${printValue(batches)}.`);
  });
}

/**
 * The loss of batch after batch, as for a validation set that is too large for one call.
 *
 * One batch runs at a time and its tensors are freed before the next, so memory does not grow with the number of batches; a
 * generator may make them as they are needed.
 *
 * @param backend the backend that `loss` was compiled by
 * @param loss a compiled loss
 * @param batches the inputs of each call, in order
 * @returns the value of each batch, in JavaScript memory
 * @throws what the loss throws for wrong inputs; the signal's reason
 * @example
 * ```ts
 * const values = await evaluateBatches(backend, loss, batches, {
 *   signal: AbortSignal.timeout(60_000),
 *   onProgress: ({ done, total }) => console.log(`${done} of ${total}`),
 * });
 * ```
 */
export async function evaluateBatches<T, R extends string, P extends string>(
  backend: Backend<T>,
  loss: CompiledLoss<T, R, P>,
  batches: Iterable<Feeds<T, R, P>> | AsyncIterable<Feeds<T, R, P>>,
  options?: EvaluateBatchesOptions,
): Promise<readonly HostTensor[]> {
  checkBackend("evaluateBatches", backend);
  checkArguments(loss, batches);
  const { signal, onProgress } = readOptions("evaluateBatches", options, rules);
  const total = Array.isArray(batches) ? batches.length : undefined;
  const values: HostTensor[] = [];
  let breath = Date.now();
  stopIfCancelled(signal);
  onProgress?.({ done: 0, total });
  for await (const feeds of batches) {
    const value = await loss.value(feeds, signal === undefined ? {} : { signal });
    try {
      const { data, shape, dtype } = await backend.read(value);
      // What was read may be the tensor's own memory.
      values.push({ data: data.slice(), shape, dtype });
    } finally {
      backend.release(value);
    }
    stopIfCancelled(signal);
    onProgress?.({ done: values.length, total });
    if (Date.now() - breath > 30) {
      // A backend that answers at once would keep timers and signals waiting until the end.
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      breath = Date.now();
    }
  }
  return values;
}
