/** A value with its gradients by input name. */
export interface Answer {
  readonly value: number;
  readonly grads: Readonly<Record<string, Float32Array>>;
}

/** One way to compute a workload, with its inputs where its engine wants them. */
export interface Contestant {
  /** Computes once and frees the results: what is timed. */
  readonly call: () => void | Promise<void>;
  /** Computes once and gives the results, for comparison. */
  readonly answer: () => Promise<Answer>;
  readonly close: () => Promise<void>;
}

/** The first element of what an engine gave, which must be 32-bit floats. */
export function scalarOf(data: unknown): number {
  return floatsOf(data)[0] ?? Number.NaN;
}

/** What an engine gave, which must be 32-bit floats. */
export function floatsOf(data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new TypeError("a result must be a Float32Array, got something else.");
}
