import {
  BackendUnavailableError,
  checkSpec,
  elementName,
  gradientOutput,
  openBackend,
  OptionError,
  printValue,
  readLoaders,
  readParts,
  type Backend,
  type BackendLoader,
  type CompiledLoss,
  type FloatDType,
  type HostTensor,
  type LossSpec,
  type RefusedBackend,
  type Rules,
} from "@losses/core";
import { functionRule } from "../arguments.js";
import { agreementFor, type Agreement, type Verdict } from "./agreement.js";
import { drawInputs, feedsFrom, groupByInput, readShapes, type SampleInput } from "./sample.js";

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
  /** The largest error of its results, as a share of what the error analysis allows. */
  readonly worst: number;
}

export interface BackendChoice {
  /** The fastest first. */
  readonly ranking: readonly MeasuredBackend[];
  /** What did not work here, or gave wrong numbers. */
  readonly refused: readonly RefusedBackend[];
}

const rules: Rules<ChooseBackendOptions> = {
  candidates: {
    domain: "a list of { id, open }",
    accepts: (value) => value !== undefined,
    read: (value) => readLoaders("chooseBackend", "candidates", value),
  },
  spec: { domain: "a loss with its options, crossEntropy()", accepts: (value) => value !== null },
  shapes: { domain: "sizes by input, { input: [32, 10] }", accepts: (value) => typeof value === "object" },
  for: { domain: '"training" or "evaluation"', accepts: (value) => value === "training" || value === "evaluation" },
  milliseconds: { domain: "a number > 0", accepts: (value) => typeof value === "number" && value > 0 },
  onProgress: functionRule,
};

/**
 * Measures which of several backends is fastest here, for this loss and these sizes. First each is held to the error analysis that
 * {@link runConformance} uses, with the same numbers: one whose value or gradients lie outside is refused, however fast it is. Where
 * the loss at these sizes is too large to be analysed in a moment, that is done with shorter axes.
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
  const { candidates, spec, milliseconds = 1000, onProgress } = given;
  checkSpec("chooseBackend", spec);
  if (candidates.length === 0) throw new OptionError("chooseBackend: candidates must be one at least, got none.");
  const shapes = readShapes("chooseBackend", given.shapes);
  const withGradients = given.for === "training";
  const task: Task = {
    spec,
    withGradients,
    inputs: drawInputs(spec, shapes),
    agreement: agreementFor(spec, shapes, withGradients),
    milliseconds: milliseconds / candidates.length,
  };
  const ranking: MeasuredBackend[] = [];
  const refused: RefusedBackend[] = [];
  for (const [done, candidate] of candidates.entries()) {
    onProgress?.({ id: candidate.id, done, total: candidates.length });
    const measured = await measure(candidate, task);
    if ("reason" in measured) refused.push(measured);
    else ranking.push(measured);
  }
  return { ranking: ranking.sort((a, b) => a.perCall - b.perCall), refused };
}

/** What every candidate does. */
interface Task {
  readonly spec: LossSpec;
  readonly withGradients: boolean;
  readonly inputs: readonly SampleInput[];
  readonly agreement: Agreement;
  /** How long to measure one. */
  readonly milliseconds: number;
}

async function measure(candidate: BackendLoader, task: Task): Promise<MeasuredBackend | RefusedBackend> {
  const { id } = candidate;
  const [start, used] = [now(), memoryUsed()];
  let backend: Backend<unknown>;
  try {
    ({ backend } = await openBackend([candidate]));
  } catch (error) {
    const reasons = error instanceof BackendUnavailableError ? error.reasons.join(" ") : reasonOf(error);
    return { id, reason: reasons };
  }
  try {
    // The first is the default.
    const [dtype = "float32"] = backend.dtypes;
    const loss = await backend.compile(task.spec, { dtype });
    const own = upload(backend, task.inputs);
    await call(backend, loss, own, task.withGradients);
    const firstResult = now() - start;
    const { worst, problems } = await agree(backend, loss, dtype, task);
    const [problem] = problems;
    if (problem !== undefined) {
      return { id, reason: `its results must lie within the error bounds of ${task.spec.name}, got ${problem}.` };
    }
    const times: number[] = [];
    const end = now() + task.milliseconds;
    do {
      const before = now();
      await call(backend, loss, own, task.withGradients);
      times.push(now() - before);
    } while (now() < end);
    const after = memoryUsed();
    const memory = used === undefined || after === undefined ? undefined : Math.max(0, after - used);
    // The first calls are slower, until the runtime has compiled what they run.
    const settled = times.slice(times.length >> 1);
    return { id, perCall: median(settled), firstResult, memory, calls: times.length, worst };
  } catch (error) {
    return { id, reason: reasonOf(error) };
  } finally {
    await backend.dispose();
  }
}

type OwnFeeds = Readonly<Record<string, unknown>>;

function upload(backend: Backend<unknown>, inputs: readonly SampleInput[]): OwnFeeds {
  return groupByInput(inputs.map(({ name, data, shape, dtype }) => [name, backend.tensor({ data, shape, dtype })]));
}

/** One call whose value is read, for only then has the device finished. */
async function call(
  backend: Backend<unknown>,
  loss: CompiledLoss<unknown>,
  feeds: OwnFeeds,
  withGradients: boolean,
): Promise<void> {
  const { value, grads } = await results(loss, feeds, withGradients);
  await backend.read(value);
  for (const tensor of [value, ...Object.values(grads).flat()]) backend.release(tensor);
}

async function results(
  loss: CompiledLoss<unknown>,
  feeds: OwnFeeds,
  withGradients: boolean,
): Promise<{ readonly value: unknown; readonly grads: Readonly<Record<string, unknown>> }> {
  return withGradients ? loss.valueAndGrad(feeds) : { value: await loss.value(feeds), grads: {} };
}

/** What the error analysis says of the results. */
async function agree(
  backend: Backend<unknown>,
  loss: CompiledLoss<unknown>,
  dtype: FloatDType,
  { agreement, withGradients }: Task,
): Promise<Verdict> {
  const { value, grads } = await results(loss, feedsFrom(agreement.inputs), withGradients);
  const named = [
    ["value", value] as const,
    ...Object.entries(grads).flatMap(([input, gradient]) =>
      Array.isArray(gradient)
        ? gradient.map((one: unknown, i) => [gradientOutput(elementName(input, i)), one] as const)
        : [[gradientOutput(input), gradient] as const],
    ),
  ];
  const read: Record<string, HostTensor> = {};
  for (const [output, tensor] of named) {
    read[output] = await backend.read(tensor);
    backend.release(tensor);
  }
  return agreement.judge(read, dtype);
}

/** Why something did not work, in one line. */
function reasonOf(error: unknown): string {
  const said = error instanceof Error ? error.message : printValue(error);
  return said.replaceAll("\n", " ");
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
