import { combineTerms, sizeOf, type TermFactors } from "@losses/core";
import type { ArraySink, ArrayWriter, WrittenArray } from "../write/arrayWriter.js";
import { forBatches, numbersOf, type Run, type TermTotal } from "./passes.js";
import { fileFloat, rowShape } from "./plan.js";

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
  const factors = plan.terms.map((term, k) => factorsOf(spec.options["reduction"], term.isWeighted, totals[k]));
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
      wrt: names,
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      for (const name of names) {
        const gradient = grads[name];
        if (gradient === undefined) continue;
        const found = await backend.read(gradient);
        const sum = sums.get(name);
        if (sum === undefined) await writers.get(name)?.write(numbersOf(found), found.shape[0] ?? 1);
        else numbersOf(found).forEach((item, i) => (sum[i] = (sum[i] ?? 0) + item));
      }
    } finally {
      backend.release(value);
      for (const gradient of Object.values(grads)) if (gradient !== undefined) backend.release(gradient);
    }
  });
  for (const [name, sum] of sums) await writers.get(name)?.write(sum, 1);
}

/** The factors of a term in the loss: `d(S/W) = dS / W − S dW / W²`. */
function factorsOf(reduction: unknown, isWeighted: boolean, total: TermTotal | undefined): TermFactors {
  const { sum, divisor } = total ?? { sum: 0, divisor: 1 };
  if (reduction === "sum" || reduction === "none") return { values: 1, weights: 0 };
  return { values: 1 / divisor, weights: isWeighted ? -sum / divisor ** 2 : 0 };
}
