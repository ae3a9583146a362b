import type { CancelSignal, Engine, Feeds, HostTensor, MaybePromise, PlainTensor } from "../backend.js";
import { InputError } from "../errors.js";
import type { BoundInput, Binding, GivenInput } from "../loss/bind.js";
import { allInputs, type LossSpec } from "../loss/define.js";
import { printValue } from "../loss/options.js";
import type { DType, FloatDType } from "../tensor/dtype.js";
import { stopIfCancelled } from "./cancel.js";
import { checkRange, needsRangeCheck } from "./checks.js";
import type { ExecutableCache } from "./executableCache.js";
import { readPlain, toHost, type PlainArray } from "./host.js";
import { all, chain, withCleanup } from "./maybe.js";
import { checkOut, type NamedOut } from "./out.js";
import type { RequestMemo, WantedGradients } from "./requestMemo.js";

/** One request: which loss, computed in what, with which gradients (`"all"`: every differentiable input given). */
export interface LossRun<T> {
  readonly spec: LossSpec;
  readonly dtype: FloatDType;
  /** Binds inputs of `spec`. */
  readonly memo: RequestMemo;
  readonly gradients: WantedGradients;
  readonly signal: CancelSignal | undefined;
  /** Tensors for results, by the name of the output. */
  readonly out: NamedOut<T>;
}

/** Result tensors: the value, then a gradient for each name. */
export interface LossResult<T> {
  readonly tensors: readonly T[];
  readonly gradients: readonly string[];
}

type Given<T> = { readonly own: T } | { readonly plain: PlainArray };

/** Validates feeds, binds them, and runs the compiled graph; everything it uploaded is released again. */
export function runLoss<T>(
  engine: Engine<T>,
  cache: ExecutableCache<T>,
  run: LossRun<T>,
  feeds: Feeds<T, string, string>,
): MaybePromise<LossResult<T>> {
  const given = readFeeds(engine, run.spec, feeds);
  const types: Record<string, GivenInput> = {};
  for (const name in given) {
    const item = given[name];
    if (item !== undefined) types[name] = "own" in item ? engine.describe(item.own) : item.plain;
  }
  const { binding, gradients, key } = run.memo.request(types, run.gradients);
  const made: T[] = [];
  const free = (): void => made.forEach((tensor) => engine.release(tensor));
  return withCleanup(() => {
    const prepared = binding.inputs.map((input) => prepare(engine, run, binding, input, given[input.name], made));
    return chain(all(prepared), (tensors) =>
      cache.use({ spec: run.spec, dtype: run.dtype, gradients, key }, binding, ({ executable, outputs }) => {
        stopIfCancelled(run.signal);
        const out = checkOut(engine, run.spec.name, run.out, outputs, binding.sizes, feeds);
        const ready = Object.fromEntries(binding.inputs.map((input, i) => [input.name, tensors[i] as T]));
        return chain(executable.run(ready, binding.sizes, out), (results) => ({ tensors: results, gradients }));
      }),
    );
  }, free);
}

function readFeeds<T>(engine: Engine<T>, spec: LossSpec, feeds: Feeds<T, string, string>): Record<string, Given<T>> {
  if (typeof feeds !== "object" || feeds === null) {
    throw new InputError(
      `${spec.name}: inputs must be an object with ${Object.keys(allInputs(spec.loss.definition)).join(", ")}, got ${printValue(feeds)}.`,
      "MISSING_INPUT",
    );
  }
  const given: Record<string, Given<T>> = {};
  for (const [name, value] of Object.entries(feeds)) {
    if (value === undefined) continue;
    given[name] = engine.isTensor(value)
      ? { own: value }
      : { plain: readPlain(`${spec.name}: ${name}`, value as PlainTensor) };
  }
  return given;
}

/** The tensor to feed for one input, in the dtype that the graph wants; class indices are checked on the way. */
function prepare<T>(
  engine: Engine<T>,
  run: LossRun<T>,
  binding: Binding,
  input: BoundInput,
  given: Given<T> | undefined,
  made: T[],
): MaybePromise<T> {
  const dtype: DType = input.holds.kind === "index" || input.integral ? "int32" : run.dtype;
  if (given === undefined) throw new InputError(`${run.spec.name}: ${input.name} is missing.`, "MISSING_INPUT");
  if ("plain" in given) {
    const host = toHost(`${run.spec.name}: ${input.name}`, given.plain, dtype);
    checkRange(run.spec, input, host, binding.sizes);
    const tensor = engine.upload(host);
    made.push(tensor);
    return tensor;
  }
  const checked: MaybePromise<HostTensor | undefined> = needsRangeCheck(input) ? engine.download(given.own) : undefined;
  return chain(checked, (host) => {
    if (host !== undefined) checkRange(run.spec, input, host, binding.sizes);
    return chain(engine.convert(given.own, dtype), (tensor) => {
      if (tensor !== given.own) made.push(tensor);
      return tensor;
    });
  });
}
