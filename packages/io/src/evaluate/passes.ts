import {
  fromHalfBits,
  nothingToAverage,
  type Backend,
  type CancelSignal,
  type FloatDType,
  type HostTensor,
  type LossSpec,
  type ShapedArray,
} from "@losses/core";
import { inStep, type Batch } from "./inStep.js";
import { fileFloat, type BatchPlan, type Sources } from "./batchPlan.js";

/** How far an evaluation has come. Gradients of a mean need a second pass, once it is known what the mean divides by. */
export interface FileProgress {
  readonly pass: "values" | "gradients";
  /** Rows so far. */
  readonly done: number;
  /** Rows in all; where files do not say how many they have, estimated from the share of their bytes, 0 before the first. */
  readonly total: number;
}

/** A summand of the loss, over all samples: `sum / divisor` where the reduction is a mean. */
export interface TermTotal {
  readonly sum: number;
  readonly divisor: number;
}

/** What a term counts as in the loss: its sum, its mean, or 0 for a mean over nothing. Throws where that is refused. */
export function kindOf({ name, options: { reduction, empty } }: LossSpec, divisor: number): "sum" | "mean" | "zero" {
  if (reduction !== "mean" && reduction !== "batchmean" && reduction !== "avgNonZero") return "sum";
  if (divisor !== 0 || empty === "nan") return "mean";
  if (empty === "error") throw nothingToAverage(name);
  return "zero";
}

/** What every pass over the files needs. */
export interface Run<T> {
  readonly backend: Backend<T>;
  readonly spec: LossSpec;
  readonly sources: Sources;
  readonly plan: BatchPlan;
  readonly shared: Readonly<Record<string, ShapedArray>>;
  readonly dtype: FloatDType;
  readonly signal: CancelSignal | undefined;
  readonly onProgress: ((progress: FileProgress) => void) | undefined;
}

/** Runs over all batches of the files; counts their rows. */
export async function forBatches<T>(
  run: Run<T>,
  pass: FileProgress["pass"],
  work: (batch: Batch) => Promise<void>,
): Promise<{ readonly rows: ReadonlyMap<string, number>; readonly batches: number }> {
  const { spec, sources, plan, shared, dtype, onProgress } = run;
  const rows = new Map([...plan.groups.keys()].map((symbol) => [symbol, 0]));
  let [batches, done] = [0, 0];
  const report = (): void => onProgress?.({ pass, done, total: totalRows(sources, plan, rows) });
  report();
  for await (const batch of inStep(spec, sources, plan, shared, fileFloat(dtype))) {
    await work(batch);
    batches += 1;
    for (const [symbol, count] of batch.rows) {
      rows.set(symbol, (rows.get(symbol) ?? 0) + count);
      done += count;
    }
    report();
  }
  return { rows, batches };
}

function totalRows(sources: Sources, { groups }: BatchPlan, rows: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const [symbol, names] of groups) {
    const known = names.map((name) => sources[name]?.shape[0]).find((count) => count !== undefined);
    const share = Math.max(0, ...names.map((name) => sources[name]?.fraction?.() ?? 0));
    const done = rows.get(symbol) ?? 0;
    total += known ?? (share > 0 ? Math.round(done / share) : done);
  }
  return total;
}

export type Numbers = Float32Array | Float64Array;

/** The numbers of a floating tensor, in an array of their own. */
export function numbersOf({ data, dtype }: HostTensor): Numbers {
  if (data instanceof Float64Array) return data.slice();
  return dtype === "float16" ? Float32Array.from(data, fromHalfBits) : Float32Array.from(data);
}
