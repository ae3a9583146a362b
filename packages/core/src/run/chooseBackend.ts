import { readParts, type Rules } from "../arguments.js";
import type { Backend, CompiledLoss, HostTensor } from "../backend.js";
import { OptionError } from "../errors.js";
import { checkSpec } from "../loss/checkSpec.js";
import type { LossSpec } from "../loss/define.js";
import { unitRoundoff } from "../tensor/dtype.js";
import { checkBackend } from "./checkBackend.js";
import { numbersOf } from "./checks.js";
import { readLoaders, reasonOf, type BackendLoader, type RefusedBackend } from "./openBackend.js";
import { sampleFeeds } from "./sampleFeeds.js";

export interface ChooseBackendOptions {
  /** The backends to compare. */
  readonly candidates: readonly BackendLoader[];
  readonly spec: LossSpec;
  /** The sizes to measure with, by input; an element of a list is named by its place, `fake.0`. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** With the gradients, or the value alone. */
  readonly for: "training" | "evaluation";
  /** How long all the measuring may take, after each candidate's first result. Default 1000. */
  readonly milliseconds?: number;
  /** Called with each candidate before it is tried. */
  readonly onProgress?: (progress: { readonly id: string; readonly done: number; readonly total: number }) => void;
}

/** A backend that works here, and what a call of it costs. */
export interface MeasuredBackend {
  readonly id: string;
  /** The median time of a call, of the later half of them, with tensors that the backend holds, in milliseconds. */
  readonly perCall: number;
  /** From nothing to the first result: loading, opening, compiling and one call, in milliseconds. */
  readonly firstResult: number;
  /** By how many bytes the process grew meanwhile; `undefined` where the runtime does not say. */
  readonly memory: number | undefined;
  readonly calls: number;
  /** The largest difference from the others' numbers, as a share of the largest number of the same result. */
  readonly difference: number;
}

export interface BackendChoice {
  /** The fastest first. */
  readonly ranking: readonly MeasuredBackend[];
  /** What did not work here, or gave other numbers than most. */
  readonly refused: readonly RefusedBackend[];
}

const isFunction = (value: unknown): boolean => typeof value === "function";
const rules: Rules<ChooseBackendOptions> = {
  candidates: { domain: "a list of { id, open }", accepts: Array.isArray },
  spec: { domain: "a loss with its options, crossEntropy()", accepts: (value) => value !== null },
  shapes: { domain: "sizes by input, { input: [32, 10] }", accepts: (value) => typeof value === "object" },
  for: { domain: '"training" or "evaluation"', accepts: (value) => value === "training" || value === "evaluation" },
  milliseconds: { domain: "a number > 0", accepts: (value) => typeof value === "number" && value > 0 },
  onProgress: { domain: "a function", accepts: isFunction },
};

/**
 * Measures which of several backends is fastest here, for this loss and these sizes. What each one computes is compared first: one
 * that differs from most is refused, however fast it is.
 *
 * @throws OptionError on wrong options; InputError or ShapeError where the shapes do not fit the loss
 * @example
 * ```ts
 * const { ranking, refused } = await chooseBackend({
 *   candidates: loaders,
 *   spec: crossEntropy(),
 *   shapes: { input: [4096, 1000], target: [4096] },
 *   for: "training",
 * });
 * ```
 */
export async function chooseBackend(options: ChooseBackendOptions): Promise<BackendChoice> {
  const given = readParts("chooseBackend", options, rules, ["candidates", "spec", "shapes", "for"]);
  const { spec, shapes, milliseconds = 1000, onProgress } = given;
  checkSpec("chooseBackend", spec);
  const candidates = readLoaders("chooseBackend", given.candidates);
  if (candidates.length === 0) throw new OptionError("chooseBackend: candidates must be one at least, got none.");
  const feeds = sampleFeeds("chooseBackend", spec, shapes);
  const tries: Try[] = [];
  const refused: RefusedBackend[] = [];
  for (const [done, { id, open }] of candidates.entries()) {
    onProgress?.({ id, done, total: candidates.length });
    try {
      const share = milliseconds / candidates.length;
      tries.push({ id, ...(await measure(id, open, spec, feeds, given.for === "training", share)) });
    } catch (error) {
      refused.push({ id, reason: reasonOf(error) });
    }
  }
  return ranked(tries, refused);
}

interface Try {
  readonly id: string;
  readonly perCall: number;
  readonly firstResult: number;
  readonly memory: number | undefined;
  readonly calls: number;
  readonly results: readonly HostTensor[];
}

async function measure(
  id: string,
  open: BackendLoader["open"],
  spec: LossSpec,
  feeds: ReturnType<typeof sampleFeeds>,
  withGradients: boolean,
  share: number,
): Promise<Omit<Try, "id">> {
  const [start, used] = [now(), memoryUsed()];
  const backend = await open();
  checkBackend(`chooseBackend: ${id}`, backend);
  try {
    const loss = await backend.compile(spec);
    const own = Object.fromEntries(
      Object.entries(feeds).map(([name, data]) => [
        name,
        isTensors(data) ? data.map((one) => backend.tensor(one)) : backend.tensor(data),
      ]),
    );
    const results = await call(backend, loss, own, withGradients, true);
    const firstResult = now() - start;
    const times: number[] = [];
    const end = now() + share;
    do {
      const before = now();
      await call(backend, loss, own, withGradients, false);
      times.push(now() - before);
    } while (now() < end);
    const after = memoryUsed();
    const memory = used === undefined || after === undefined ? undefined : Math.max(0, after - used);
    // The first calls are slower, until the runtime has compiled what they run.
    const settled = times.slice(times.length >> 1);
    return { perCall: median(settled), firstResult, memory, calls: times.length, results };
  } finally {
    await backend.dispose();
  }
}

function isTensors(
  data: ReturnType<typeof sampleFeeds>[string],
): data is readonly Parameters<Backend<unknown>["tensor"]>[0][] {
  return Array.isArray(data);
}

/** One call whose value is read, for only then has the device finished; all results where they are to be compared. */
async function call(
  backend: Backend<unknown>,
  loss: CompiledLoss<unknown>,
  feeds: Readonly<Record<string, unknown>>,
  withGradients: boolean,
  readsAll: boolean,
): Promise<readonly HostTensor[]> {
  const { value, grads } = withGradients
    ? await loss.valueAndGrad(feeds)
    : { value: await loss.value(feeds), grads: {} };
  const tensors: readonly unknown[] = [value, ...Object.values(grads).flat()];
  const read: HostTensor[] = [];
  for (const tensor of readsAll ? tensors : [value]) {
    const { data, shape, dtype } = await backend.read(tensor);
    read.push({ data: readsAll ? data.slice() : data, shape, dtype } as HostTensor);
  }
  for (const tensor of tensors) backend.release(tensor);
  return read;
}

/**
 * The numbers of float32 may differ by the roundings of their sums; a thousand of them is more than any order of summation makes, and
 * far less than any mistake.
 */
const tolerance = 1000 * unitRoundoff("float32");

function ranked(tries: readonly Try[], refused: readonly RefusedBackend[]): BackendChoice {
  const agree = (one: Try): number => tries.filter((other) => differenceOf(one, other) <= tolerance).length;
  const reference = tries.reduce<Try | undefined>(
    (best, one) => (best === undefined || agree(one) > agree(best) ? one : best),
    undefined,
  );
  if (reference === undefined) return { ranking: [], refused };
  const ranking: MeasuredBackend[] = [];
  const others: RefusedBackend[] = [];
  for (const one of tries) {
    const difference = differenceOf(one, reference);
    const { results: _, ...measured } = one;
    if (difference <= tolerance) ranking.push({ ...measured, difference });
    else {
      const reason = `its results must be those of ${reference.id}, got a difference of ${difference.toPrecision(2)} of the largest number.`;
      others.push({ id: one.id, reason });
    }
  }
  return { ranking: ranking.sort((a, b) => a.perCall - b.perCall), refused: [...refused, ...others] };
}

function differenceOf(one: Try, other: Try): number {
  if (one === other) return 0;
  if (one.results.length !== other.results.length) return Infinity;
  return Math.max(0, ...one.results.map((result, i) => apart(result, other.results[i])));
}

function apart(one: HostTensor, other: HostTensor | undefined): number {
  if (other === undefined || one.data.length !== other.data.length) return Infinity;
  const [a, b] = [numbersOf(one), numbersOf(other)];
  let [most, largest] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (Object.is(x, y) || x === y) continue;
    const difference = Math.abs(x - y);
    if (Number.isNaN(difference)) return Infinity;
    most = Math.max(most, difference);
  }
  for (let i = 0; i < b.length; i++) largest = Math.max(largest, Math.abs(Number(b[i])));
  return most === 0 ? 0 : most / largest;
}

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? high)) / 2;
}

/** What runtimes have besides the language. */
interface Runtime {
  readonly performance?: { now(): number };
  readonly process?: { readonly memoryUsage?: () => { readonly rss: number } };
}

function now(): number {
  return (globalThis as Runtime).performance?.now() ?? Date.now();
}

function memoryUsed(): number | undefined {
  return (globalThis as Runtime).process?.memoryUsage?.().rss;
}
