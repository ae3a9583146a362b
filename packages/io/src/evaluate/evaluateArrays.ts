import {
  bindShape,
  checkBackend,
  checkSpec,
  formatShape,
  readOptions,
  recordRule,
  sameShape,
  ShapeError,
  sizeOf,
  type Backend,
  type CancelSignal,
  type CompiledLoss,
  type FloatDType,
  type LossSpec,
  type LossTerm,
  type Rules,
} from "@losses/core";
import { countRule, floatRule, functionRule, signalRule } from "../arguments.js";
import { givenSources } from "../givenSource.js";
import { begun, type ArraySink, type ArrayWriter, type WrittenArray } from "../write/arrayWriter.js";
import { writeGradients } from "./gradients.js";
import { readShared, type Batch } from "./inStep.js";
import { forBatches, kindOf, numbersOf, type FileProgress, type Numbers, type Run, type TermTotal } from "./passes.js";
import { checkGradients, fileFloat, makeBatchPlan, type BatchPlan, type Sources } from "./batchPlan.js";

export interface EvaluateArraysOptions {
  /** The dtype to compute in; default: the first that the backend has. Sums over samples are always kept in float64. */
  readonly dtype?: FloatDType;
  /**
   * Rows in a batch. Default: about 8 MB of them; and all rows in one where the samples of a loss meet each other (`clipLoss`),
   * for which smaller batches mean another loss: the mean of the losses of batches, as in training.
   */
  readonly batchRows?: number;
  /** Where the values of the samples go, as `reduction: "none"` gives them. */
  readonly perSample?: ArraySink;
  /** Where the gradients of the reduced loss go, by input; of an element of a list by its place, `fake.0`. */
  readonly gradients?: Readonly<Record<string, ArraySink>>;
  readonly signal?: CancelSignal;
  /** Called before the first batch of a pass and after each. */
  readonly onProgress?: (progress: FileProgress) => void;
}

export interface Evaluation {
  /** The reduced loss; `undefined` where nothing reduces it to one number. */
  readonly value: number | undefined;
  /** Rows that were read. */
  readonly samples: number;
  readonly batches: number;
  /** False where the loss compares samples with each other and did so within batches only. */
  readonly isExact: boolean;
  readonly terms: readonly TermTotal[];
}

const rules: Rules<EvaluateArraysOptions> = {
  dtype: floatRule,
  batchRows: countRule,
  perSample: functionRule,
  gradients: recordRule("a plain object of sinks by the names of inputs", functionRule),
  signal: signalRule,
  onProgress: functionRule,
};

const batchBytes = 2 ** 23;

/**
 * The loss of arrays in files, of any number of rows: batch after batch is read and computed, and memory does not grow with the
 * files. Sums, and what a weighted mean divides by, are kept in float64, so the result is the loss of all rows at once.
 *
 * @param backend where the loss is computed
 * @param spec the loss
 * @param inputs its inputs, the elements of a list by their places (`fake.0`); they stay open
 * @throws what the loss throws for such inputs; FileError; the signal's reason. Files of results appear only when all is done.
 * @example
 * ```ts
 * const inputs = { input: await openArray("logits.npy"), target: await openArray("labels.npy") };
 * const { value } = await evaluateArrays(await createBackend(), crossEntropy(), inputs, { perSample: toFile("losses.npy") });
 * ```
 */
export async function evaluateArrays<T>(
  backend: Backend<T>,
  spec: LossSpec,
  inputs: Sources,
  options?: EvaluateArraysOptions,
): Promise<Evaluation> {
  checkBackend("evaluateArrays", backend);
  checkSpec("evaluateArrays", spec);
  const sources = givenSources("evaluateArrays", inputs);
  const given = readOptions("evaluateArrays", options, rules);
  const { batchRows, perSample, gradients = {}, signal, onProgress } = given;
  const dtype = given.dtype ?? backend.dtypes[0] ?? "float32";
  const plan = await makeBatchPlan(spec, sources, { batchBytes, ...(batchRows === undefined ? {} : { batchRows }) });
  checkGradients(spec, plan, Object.keys(gradients));
  const shared = await readShared(sources, plan, fileFloat(dtype));
  const run: Run<T> = { backend, spec, sources, plan, shared, dtype, signal, onProgress };
  const writers: ArrayWriter[] = [];
  const begin = async (sink: ArraySink, array: WrittenArray): Promise<ArrayWriter> => {
    const writer = await begun("evaluateArrays", sink, array);
    writers.push(writer);
    return writer;
  };
  try {
    const writer = perSample === undefined ? undefined : await begin(perSample, perSampleArray(run));
    const { totals, rows, batches } = await sumTerms(run, writer);
    const terms = plan.terms.map((term, k) =>
      total(term, totals[k] ?? [0, 0], { ...plan.sizes, ...Object.fromEntries(rows) }),
    );
    if (Object.keys(gradients).length > 0) await writeGradients(run, terms, gradients, begin);
    for (const one of writers) await one.finish();
    return {
      value: reduced(spec, plan, terms),
      samples: [...rows.values()].reduce((sum, count) => sum + count, 0) || (plan.groups.size === 0 ? 1 : 0),
      batches,
      isExact: plan.isExact || batches <= 1,
      terms,
    };
  } finally {
    for (const one of writers) await one.discard();
  }
}

function reduced(spec: LossSpec, plan: BatchPlan, terms: readonly TermTotal[]): number | undefined {
  // What is not reduced has one value only if it is one number, as that of a weighted sum of losses.
  if (spec.options["reduction"] === "none" && plan.terms.some(({ shape }) => shape.length > 0)) return undefined;
  return terms.reduce((value, term) => value + counted(spec, term), 0);
}

function counted(spec: LossSpec, { sum, divisor }: TermTotal): number {
  switch (kindOf(spec, divisor)) {
    case "sum":
      return sum;
    case "mean":
      return sum / divisor;
    case "zero":
      return 0;
  }
}

function total(
  { isWeighted, divisor }: LossTerm,
  [sum, weights]: readonly [number, number],
  sizes: BatchPlan["sizes"],
): TermTotal {
  return { sum, divisor: isWeighted ? weights : sizeOf(bindShape(divisor, sizes)) };
}

/** One pass: the sums of values and weights of each term, and the values themselves to the writer. */
async function sumTerms<T>(
  run: Run<T>,
  writer: ArrayWriter | undefined,
): Promise<{ totals: readonly (readonly [number, number])[]; rows: ReadonlyMap<string, number>; batches: number }> {
  const { backend, plan, dtype } = run;
  const losses = await Promise.all(plan.terms.map((term) => backend.compile(term.spec, { dtype })));
  const totals = plan.terms.map((): [number, number] => [0, 0]);
  const { rows, batches } = await forBatches(run, "values", async ({ feeds, rows: inBatch }) => {
    const parts: Numbers[] = [];
    for (const [k, term] of plan.terms.entries()) {
      const loss = losses[k];
      const sums = totals[k];
      if (loss === undefined || sums === undefined) continue;
      const all = await valuesOf(run, loss, feeds);
      const count = all.length / (term.isWeighted ? 2 : 1);
      const values = all.subarray(0, count);
      sums[0] += sumOf(values);
      if (term.isWeighted) sums[1] += sumOf(all.subarray(count));
      parts.push(values);
    }
    await writer?.write(added(parts), inBatch.get(plan.terms[0]?.samples ?? "") ?? 1);
  });
  return { totals, rows, batches };
}

async function valuesOf<T>(run: Run<T>, loss: CompiledLoss<T>, feeds: Batch["feeds"]): Promise<Numbers> {
  const { backend, signal } = run;
  const tensor = await loss.value(feeds, signal === undefined ? {} : { signal });
  try {
    return numbersOf(await backend.read(tensor));
  } finally {
    backend.release(tensor);
  }
}

function sumOf(values: Numbers): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum;
}

function added([first = new Float32Array(0), ...rest]: readonly Numbers[]): Numbers {
  return rest.reduce((sum, part) => sum.map((value, i) => value + (part[i] ?? 0)), first);
}

/** What is written of each sample: the value before reduction. */
function perSampleArray<T>({ spec, plan, dtype }: Run<T>): WrittenArray {
  const [first, ...rest] = plan.terms;
  const shape = first?.shape ?? [];
  const other = rest.find((term) => !sameShape(term.shape, shape));
  if (other !== undefined) {
    throw new ShapeError(
      `${spec.name}: for values of each sample all terms must have one shape, got ${formatShape(shape)} and ${formatShape(other.shape)}.`,
    );
  }
  const isWhole = first?.samples === undefined;
  return { dtype: fileFloat(dtype), row: bindShape(isWhole ? shape : shape.slice(1), plan.sizes), isWhole };
}
