import { combineTerms, elementName, inputOf, sizeOf, type LossSpec, type TermFactors } from "@losses/core";
import type { ArraySink, ArrayWriter, WrittenArray } from "../write/arrayWriter.js";
import { forBatches, kindOf, numbersOf, type Run, type TermTotal } from "./passes.js";
import { fileFloat, rowShape } from "./batchPlan.js";

/**
 * A pass that writes gradients of the loss of all samples. Those of inputs that are read row by row are written so; those of
 * shared inputs add up over the batches, in float64.
 */
export async function writeGradients<T>(
  run: Run<T>,
  totals: readonly TermTotal[],
  sinks: Readonly<Record<string, ArraySink>>,
  begin: (sink: ArraySink, array: WrittenArray) => Promise<ArrayWriter>,
): Promise<void> {
  const { backend, spec, plan, sources, shared, dtype, signal } = run;
  const factors = plan.terms.map((term, k) => factorsOf(spec, term.isWeighted, totals[k] ?? { sum: 0, divisor: 1 }));
  const loss = await backend.compile(combineTerms(spec, factors), { dtype });
  const names = Object.keys(sinks);
  const written = fileFloat(dtype);
  const writers = new Map<string, ArrayWriter>();
  const sums = new Map<string, Float64Array>();
  for (const name of names) {
    const [sink, source] = [sinks[name], sources[name]];
    if (sink === undefined || source === undefined) continue;
    const whole = shared[name];
    const array: WrittenArray =
      whole === undefined
        ? { dtype: written, row: rowShape(source) }
        : { dtype: written, row: whole.shape, isWhole: true };
    writers.set(name, await begin(sink, array));
    if (whole !== undefined) sums.set(name, new Float64Array(sizeOf(whole.shape)));
  }
  await forBatches(run, "gradients", async ({ feeds }) => {
    const { value, grads } = await loss.valueAndGrad(feeds, {
      wrt: [...new Set(names.map(inputOf))],
      ...(signal === undefined ? {} : { signal }),
    });
    const elements = new Map(Object.entries(grads).flatMap(elementsOf));
    try {
      for (const name of names) {
        const gradient = elements.get(name);
        if (gradient === undefined) continue;
        const found = await backend.read(gradient);
        const sum = sums.get(name);
        if (sum === undefined) await writers.get(name)?.write(numbersOf(found), found.shape[0] ?? 1);
        else numbersOf(found).forEach((item, i) => (sum[i] = (sum[i] ?? 0) + item));
      }
    } finally {
      backend.release(value);
      for (const gradient of elements.values()) backend.release(gradient);
    }
  });
  for (const [name, sum] of sums) await writers.get(name)?.write(sum, 1);
}

/** A gradient, or those of the elements of a list, by their names. */
function elementsOf<T>([name, gradient]: readonly [string, T | readonly T[] | undefined]): readonly (readonly [
  string,
  T,
])[] {
  if (gradient === undefined) return [];
  if (!Array.isArray(gradient)) return [[name, gradient as T]];
  return (gradient as readonly T[]).map((element, i) => [elementName(name, i), element]);
}

/** The factors of a term in the loss: `d(S/W) = dS / W − S dW / W²`. */
function factorsOf(spec: LossSpec, isWeighted: boolean, { sum, divisor }: TermTotal): TermFactors {
  switch (kindOf(spec, divisor)) {
    case "sum":
      return { values: 1, weights: 0 };
    case "mean":
      return { values: 1 / divisor, weights: isWeighted ? -sum / divisor ** 2 : 0 };
    case "zero":
      return { values: 0, weights: 0 };
  }
}
