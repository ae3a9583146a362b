import {
  checkBackend,
  fromHalfBits,
  gradientOutput,
  LossesError,
  readOptions,
  type Backend,
  type CompiledLoss,
  type FloatDType,
  type Rules,
  type SyncCompiledLoss,
} from "@losses/core";
import { dtypeRule, flagRule, functionRule, readArgument, textRule } from "../arguments.js";
import { programSpec, type Program } from "./program.js";
import type { Run } from "./runs.js";
import {
  differences,
  prepareAny,
  type Failure,
  type Figures,
  type Item,
  type Results,
  type TypedFeed,
} from "./truth.js";

/** Something that random programs are tried on. */
export interface Contestant {
  readonly name: string;
  /** What is wrong with it on one program. */
  readonly check: (program: Program, runs: readonly Run[], figures: Figures) => Promise<readonly Failure[]>;
}

export interface BackendContestantOptions {
  /** The dtype to compute in. Default: the backend's first. */
  readonly dtype?: FloatDType;
  /** Whether results can be written into tensors that are given (`out`). Default true; false: they must be refused. */
  readonly takesOut?: boolean;
  /** How many tensors the runtime holds, where it counts them: no more may be left after a program than before. */
  readonly countTensors?: () => number;
}

/** The rules of all but the dtype, which {@link fuzzBackend} chooses itself. */
export const contestantRules: Rules<Omit<BackendContestantOptions, "dtype">> = {
  takesOut: flagRule,
  countTensors: functionRule,
};

/**
 * A backend, held to the truth on every run of a program: one compiled loss for all sizes, the value alone, everything at
 * once, from and into its own tensors, and synchronously where it can.
 */
export function backendContestant<T>(backend: Backend<T>, options?: BackendContestantOptions): Contestant {
  checkBackend("backendContestant", backend);
  const given = readOptions("backendContestant", options, { ...contestantRules, dtype: dtypeRule });
  const { takesOut = true, countTensors } = given;
  const id = readArgument("backendContestant", "the id of the backend", backend.id, textRule);
  const dtype = readArgument(
    "backendContestant",
    "the dtype",
    given.dtype ?? backend.dtypes[0] ?? "float32",
    dtypeRule,
  );
  const check: Contestant["check"] = async (program, runs, figures) => {
    const items = runs.flatMap((run) => prepareAny(program, run, dtype) ?? []);
    const before = countTensors?.();
    figures.runs += items.length;
    const loss = await backend.compile(programSpec(program), { dtype });
    const failures = await runAll(backend, loss, items.filter(isAnswered), takesOut, figures);
    for (const item of items) if (!isAnswered(item)) failures.push(...(await refusesSizes(backend, loss, item)));
    const after = countTensors?.();
    const more = before === undefined || after === undefined || failures.length > 0 ? 0 : after - before;
    return more > 0 ? [{ kind: "leak", message: `${more} tensors more than before` }] : failures;
  };
  return { name: `${id} ${dtype}`, check };
}

function isAnswered({ refusal }: Item): boolean {
  return refusal === undefined;
}

/** Sizes for which a program has no value are refused in the words of core. */
async function refusesSizes<T>(
  backend: Backend<T>,
  loss: CompiledLoss<T>,
  { feeds, wrt, refusal }: Item,
): Promise<readonly Failure[]> {
  try {
    await readAll(backend, await loss.valueAndGrad(feeds, { wrt }));
    return [{ kind: "sizes taken", message: `expected "${refusal}", got a result` }];
  } catch (error) {
    if (error instanceof LossesError && error.message === refusal) return [];
    throw error;
  }
}

async function runAll<T>(
  backend: Backend<T>,
  loss: CompiledLoss<T>,
  items: readonly Item[],
  takesOut: boolean,
  figures: Figures,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const hold = async (item: Item, results: Promise<Results>, note?: string): Promise<void> => {
    failures.push(...differences(item, await results, figures, note));
  };
  for (const item of items) {
    const given = { wrt: item.wrt };
    await hold(item, readAll(backend, await loss.valueAndGrad(item.feeds, given)));
  }
  for (const item of items.slice(0, 1)) {
    const truth = new Map([...item.truth].slice(0, 1));
    const value = await loss.value(unaligned(item));
    await hold({ ...item, truth }, readAll(backend, { value, grads: {} }), " alone");
    if (isSync(loss)) await hold(item, readAll(backend, loss.valueAndGradSync(item.feeds, { wrt: item.wrt })), " sync");
  }
  for (const item of items.slice(-1)) {
    failures.push(...(takesOut ? await withOut(backend, loss, item, figures) : await refusesOut(backend, loss, item)));
    await hold(item, ownTensors(backend, loss, item), " of own tensors");
  }
  const together = await Promise.all(items.map((item) => loss.valueAndGrad(unaligned(item), { wrt: item.wrt })));
  for (const [i, item] of items.entries()) {
    const result = together[i];
    if (result !== undefined) await hold(item, readAll(backend, result), " at once");
  }
  return failures;
}

type UnalignedFeed = Omit<TypedFeed, "data"> & {
  readonly data: readonly number[] | Float32Array | Float64Array | Int32Array;
};

/** The same inputs as typed arrays that begin within their memory, at the second to fifth element. */
function unaligned({ feeds }: Item): Readonly<Record<string, UnalignedFeed>> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, feed], i) => [name, { ...feed, data: viewOf(feed, 1 + (i % 4)) }]),
  );
}

function viewOf({ data, dtype }: TypedFeed, start: number): UnalignedFeed["data"] {
  // There is no array of float16 everywhere.
  if (dtype === "float16") return data;
  const Elements = { float32: Float32Array, float64: Float64Array, int32: Int32Array }[dtype];
  const all = new Elements(start + data.length);
  all.set(data, start);
  return all.subarray(start);
}

function isSync<T>(loss: CompiledLoss<T>): loss is SyncCompiledLoss<T> {
  return "valueAndGradSync" in loss;
}

interface Given<T> {
  readonly value: T;
  readonly grads: Readonly<Record<string, T | undefined>>;
}

/** The contents of results, which are released. */
async function readAll<T>(backend: Backend<T>, { value, grads }: Given<T>): Promise<Results> {
  const read = async (tensor: T): Promise<{ readonly shape: readonly number[]; readonly data: Float64Array }> => {
    const { shape, data, dtype } = await backend.read(tensor);
    const numbers = Float64Array.from(data, dtype === "float16" ? fromHalfBits : Number);
    backend.release(tensor);
    return { shape: [...shape], data: numbers };
  };
  const results = new Map([["value", await read(value)]]);
  for (const [name, tensor] of Object.entries(grads)) {
    if (tensor !== undefined) results.set(gradientOutput(name), await read(tensor));
  }
  return results;
}

/** A tensor of the backend that holds something else. */
function filled<T>(backend: Backend<T>, item: Item, output: string): T {
  const shape = item.truth.get(output)?.shape ?? [];
  const data = Array.from({ length: item.truth.get(output)?.value.length ?? 0 }, () => 7);
  return backend.tensor({ data, shape, dtype: item.dtype });
}

async function withOut<T>(
  backend: Backend<T>,
  loss: CompiledLoss<T>,
  item: Item,
  figures: Figures,
): Promise<readonly Failure[]> {
  const value = filled(backend, item, "value");
  const grads = Object.fromEntries(item.wrt.map((name) => [name, filled(backend, item, gradientOutput(name))]));
  const result = await loss.valueAndGrad(item.feeds, { wrt: item.wrt, out: { value, grads } });
  const isWritten = result.value === value && item.wrt.every((name) => result.grads[name] === grads[name]);
  const found = differences(item, await readAll(backend, result), figures, " with out");
  return isWritten
    ? found
    : [{ kind: "out ignored", message: "results must be the tensors of out, got others" }, ...found];
}

async function refusesOut<T>(backend: Backend<T>, loss: CompiledLoss<T>, item: Item): Promise<readonly Failure[]> {
  const out = filled(backend, item, "value");
  try {
    backend.release(await loss.value(item.feeds, { out }));
    return [{ kind: "out taken", message: "out must be refused by a backend that cannot write there, got a result" }];
  } catch (error) {
    if (error instanceof LossesError) return [];
    throw error;
  } finally {
    backend.release(out);
  }
}

async function ownTensors<T>(backend: Backend<T>, loss: CompiledLoss<T>, item: Item): Promise<Results> {
  const own = Object.fromEntries(Object.entries(item.feeds).map(([name, feed]) => [name, backend.tensor(feed)]));
  try {
    return await readAll(backend, await loss.valueAndGrad(own, { wrt: item.wrt }));
  } finally {
    for (const tensor of Object.values(own)) backend.release(tensor);
  }
}
