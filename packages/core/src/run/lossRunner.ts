import { isPlainObject, printValue, unreadable } from "../arguments.js";
import type { CancelSignal, Engine, EngineUse, HostTensor, MaybePromise } from "../backend.js";
import { InputError } from "../errors.js";
import { isDeclared, unknownInput, type BoundInput, type Binding, type GivenInput } from "../loss/bind.js";
import type { LossSpec } from "../loss/define.js";
import { allInputs } from "../loss/definition.js";
import { inLoss, onInput } from "../loss/inLoss.js";
import { elementName, listsOf } from "../loss/lists.js";
import { nothingToAverage } from "../loss/reduce.js";
import { inputDType } from "../loss/traceLoss.js";
import type { DType, FloatDType } from "../tensor/dtype.js";
import { stopIfCancelled } from "./cancel.js";
import { checkedHost, checkRange, needsRangeCheck, numbersOf } from "./checks.js";
import type { Compiled, ExecutableCache } from "./executableCache.js";
import { readPlain, type PlainArray } from "./host.js";
import { allEnded, allOf, chain, withCleanup } from "./maybe.js";
import { checkOut, type NamedOut } from "./out.js";
import type { RequestMemo, WantedGradients } from "./requestMemo.js";

/** One request: which loss, computed in what, with which gradients (`"all"`: every differentiable input given). */
export interface LossRun<T> {
  readonly spec: LossSpec;
  readonly dtype: FloatDType;
  /** Binds inputs of `spec`. */
  readonly memo: RequestMemo;
  readonly gradients: WantedGradients;
  /** Whether the parts of the loss are results, too. */
  readonly parts: boolean;
  readonly signal: CancelSignal | undefined;
  /** Whether the caller takes a promise. */
  readonly isLater: boolean;
  /** Tensors for results, by the name of the output. */
  readonly out: NamedOut<T>;
  /** Told what runs it; `undefined`: the engine itself. */
  readonly note: (use: EngineUse | undefined) => void;
}

/** Result tensors by the names of the graph's outputs. */
export interface LossResult<T> {
  readonly tensors: readonly T[];
  readonly names: readonly string[];
}

/** Validates feeds, binds them, and runs the compiled graph; everything it uploaded is released again. */
export function runLoss<T, A>(
  engine: Engine<T>,
  cache: ExecutableCache<T>,
  run: LossRun<T>,
  feeds: Readonly<Record<string, unknown>>,
  finish: (result: LossResult<T>) => A,
): MaybePromise<A> {
  const { spec, dtype } = run;
  const { types, tensors } = readFeeds(engine, spec, feeds);
  const { binding, gradients, key } = run.memo.request(types, run.gradients, run.parts);
  const made: T[] = [];
  const ready: Record<string, T> = {};
  const start = ({ executable, outputs }: Compiled<T>): MaybePromise<readonly T[]> => {
    stopIfCancelled(run.signal);
    const out = checkOut(engine, spec.name, run.out, outputs, binding.sizes, tensors, ready);
    const results = executable.run(ready, binding.sizes, out, run.isLater);
    run.note(executable.use);
    return outputs.some(isDivisor) ? chain(results, (all) => checkDivisors(engine, spec, outputs, all)) : results;
  };
  const entry = cache.hold({ spec, dtype, gradients, parts: run.parts, key }, binding);
  return withCleanup(
    () => {
      let later: Promise<void>[] | undefined;
      for (const input of binding.inputs) {
        const tensor = prepare<T>(engine, run, binding, input, tensors[input.name], types[input.name], made);
        if (tensor instanceof Promise) (later ??= []).push(tensor.then((there) => void (ready[input.name] = there)));
        else ready[input.name] = tensor;
      }
      return later === undefined
        ? chain(entry.compiled, start)
        : allEnded(later).then(() => chain(entry.compiled, start));
    },
    () => {
      cache.letGo(entry);
      for (const tensor of made) engine.release(tensor);
    },
    (tensors) => finish({ tensors, names: entry.names }),
  );
}

/** What is fed, by name. Each property has been read once: what a getter says the second time reaches no engine. */
interface Fed<T> {
  /** Shape and dtype: of the engine's own tensors as it says, of plain data with the data. */
  readonly types: Record<string, GivenInput | PlainArray>;
  /** The engine's own tensors. */
  readonly tensors: Record<string, T>;
}

function readFeeds<T>(engine: Engine<T>, spec: LossSpec, feeds: unknown): Fed<T> {
  const { definition } = spec.loss;
  const fed: Fed<T> = { types: {}, tensors: {} };
  try {
    if (!isPlainObject(feeds)) {
      const names = Object.keys(allInputs(definition)).join(", ");
      const message = `${spec.name}: inputs must be a plain object with ${names}, got ${printValue(feeds)}.`;
      throw new InputError(message, "MISSING_INPUT");
    }
    for (const name of Object.keys(feeds)) {
      if (!isDeclared(definition, name)) throw unknownInput(definition, name);
      const value = feeds[name];
      if (value === undefined) continue;
      if (!listsOf(definition).has(name)) readFeed(engine, spec, name, value, fed);
      else readList(engine, spec, name, value, fed);
    }
  } catch (cause) {
    throw unreadable(spec.name, cause);
  }
  return fed;
}

function readFeed<T>(engine: Engine<T>, spec: LossSpec, name: string, value: unknown, fed: Fed<T>): void {
  if (engine.isTensor(value)) {
    fed.types[name] = inLoss(`${spec.name}: ${name}`, () => engine.describe(value));
    fed.tensors[name] = value;
  } else fed.types[name] = readPlain(`${spec.name}: ${name}`, value);
}

/** The tensors of an input that is a list, each under the name of its place. */
function readList<T>(engine: Engine<T>, spec: LossSpec, name: string, value: unknown, fed: Fed<T>): void {
  if (!Array.isArray(value) || value.length === 0 || value.length > longestList) {
    const wanted = `a list of 1 to ${longestList} tensors`;
    throw new InputError(`${spec.name}: ${name} must be ${wanted}, got ${printValue(value)}.`, "INVALID_INPUT");
  }
  const items: readonly unknown[] = [...value];
  items.forEach((item, i) => readFeed(engine, spec, elementName(name, i), item, fed));
}

/** More tensors than any list of scales or clusters has. */
const longestList = 1024;

function isDivisor({ name }: { readonly name: string }): boolean {
  return name.startsWith("divisor:");
}

/** Refuses a mean over nothing; what the means divided by is freed, and everything where that cannot be read. */
function checkDivisors<T>(
  engine: Engine<T>,
  { name: loss }: LossSpec,
  outputs: Compiled<T>["outputs"],
  results: readonly T[],
): MaybePromise<readonly T[]> {
  const divisors = results.filter((_, i) => isDivisor(outputs[i] ?? { name: "" }));
  const kept = results.filter((result) => !divisors.includes(result));
  const failed = (cause: unknown): never => {
    for (const tensor of results) engine.release(tensor);
    throw cause;
  };
  const decide = (all: readonly HostTensor[]): readonly T[] => {
    const isEmpty = all.some(({ data }) => Number(data[0]) === 0);
    for (const tensor of isEmpty ? results : divisors) engine.release(tensor);
    if (!isEmpty) return kept;
    throw nothingToAverage(loss);
  };
  let read: MaybePromise<readonly HostTensor[]>;
  try {
    read = allOf(divisors.map((divisor) => engine.download(divisor)));
  } catch (cause) {
    return failed(cause);
  }
  return read instanceof Promise ? read.then(decide, failed) : decide(read);
}

/** The tensor to feed for one input, in the dtype that the graph wants; class indices are checked on the way. */
function prepare<T>(
  engine: Engine<T>,
  run: LossRun<T>,
  binding: Binding,
  input: BoundInput,
  given: T | undefined,
  type: GivenInput | PlainArray | undefined,
  made: T[],
): MaybePromise<T> {
  const dtype: DType = inputDType(input.holds, input.integral, run.dtype);
  if (given === undefined) {
    if (type === undefined || !("data" in type))
      throw new InputError(`${run.spec.name}: ${input.name} must be given, got none.`, "MISSING_INPUT");
    const host = checkedHost(run.spec, input, type, binding.sizes, dtype);
    const tensor = inLoss(`${run.spec.name}: ${input.name}`, () => engine.upload(host));
    made.push(tensor);
    return tensor;
  }
  const convert = (): MaybePromise<T> => {
    const converted = onInput(run.spec.name, input.name, () => engine.convert(given, dtype));
    return converted === given ? given : chain(converted, (tensor) => (made.push(tensor), tensor));
  };
  if (!needsRangeCheck(input)) return convert();
  const host = onInput(run.spec.name, input.name, () => engine.download(given));
  return chain(host, (host) => {
    checkRange(run.spec, input, numbersOf(host), binding.sizes);
    return convert();
  });
}
