import { printValue, readable, readOptions, unreadable, type Rules } from "../arguments.js";
import type {
  Backend,
  CancelSignal,
  CompileOptions,
  Engine,
  Feeds,
  GradOptions,
  HostTensor,
  MaybePromise,
  PlainTensor,
  SyncBackend,
  SyncCompiledLoss,
  ValueAndGrad,
  ValueOptions,
} from "../backend.js";
import { DTypeError, InputError, LossesError, UnsupportedOpError } from "../errors.js";
import { checkSpec } from "../loss/checkSpec.js";
import type { LossSpec } from "../loss/define.js";
import { gradientOutput } from "../loss/traceLoss.js";
import { isFloat, type DType } from "../tensor/dtype.js";
import { compileRules, gradRules, outRules, tensorRules, valueRules, warmRules } from "./callOptions.js";
import { untilCancelled } from "./cancel.js";
import { checkEngine } from "./checkBackend.js";
import { ExecutableCache } from "./executableCache.js";
import { readPlain, toHost } from "./host.js";
import { runLoss, type LossResult, type LossRun } from "./lossRunner.js";
import { promised } from "./maybe.js";
import type { NamedOut } from "./out.js";
import { RequestMemo } from "./requestMemo.js";
import { zeroFeeds } from "./warm.js";

/** Makes an engine into the backend that users hold. */
export function defineBackend<T>(engine: Engine<T>): Backend<T> {
  const all = defineSyncBackend(engine);
  // What answers at once is left out, and not only of the type.
  return {
    id: all.id,
    device: all.device,
    dtypes: all.dtypes,
    compile: async (spec, options) => {
      const loss = all.compileSync(spec, options);
      return {
        spec,
        value: (feeds, run) => loss.value(feeds, run),
        valueAndGrad: (feeds, run) => loss.valueAndGrad(feeds, run),
        warm: (inputs, run) => loss.warm(inputs, run),
      };
    },
    tensor: (data, options) => all.tensor(data, options),
    read: (tensor) => all.read(tensor),
    release: (tensor) => all.release(tensor),
    dispose: () => all.dispose(),
  };
}

/** The same for an engine that never answers with a promise: its backend has a synchronous path as well. */
export function defineSyncBackend<T>(engine: Engine<T>): SyncBackend<T> {
  checkEngine("defineBackend", engine);
  const cache = new ExecutableCache(engine);
  const compileSync = <R extends string, P extends string>(
    spec: LossSpec<R, P>,
    options?: CompileOptions,
  ): SyncCompiledLoss<T, R, P> => compileLoss(engine, cache, spec, options);
  return {
    id: engine.id,
    device: engine.device,
    dtypes: engine.dtypes,
    compile: async (spec, options) => compileSync(spec, options),
    compileSync,
    tensor: (data, options) => engine.upload(plainTensor(engine, data, options)),
    read: async (tensor) => engine.download(ownTensor(engine, "read", tensor)),
    readSync: (tensor) => now(engine, engine.download(ownTensor(engine, "readSync", tensor)), () => undefined),
    release: (tensor) => engine.release(ownTensor(engine, "release", tensor)),
    dispose: async () => {
      await cache.dispose();
      await engine.dispose();
    },
  };
}

function plainTensor<T>(
  engine: Engine<T>,
  data: PlainTensor,
  options: { readonly dtype?: DType } | undefined,
): HostTensor {
  const where = `${engine.id}.tensor`;
  const { dtype: wanted } = readOptions(where, options, tensorRules);
  const plain = readable(where, () => readPlain(`${where}: data`, data));
  const own: DType = plain.dtype === "untyped" ? engine.dtypes[0] : plain.dtype === "int64" ? "int32" : plain.dtype;
  const fallback = isFloat(own) && !engine.dtypes.includes(own) ? engine.dtypes[0] : own;
  return toHost(`${where}: data`, plain, wanted ?? fallback);
}

function ownTensor<T>(engine: Engine<T>, what: string, tensor: unknown): T {
  if (readable(`${engine.id}.${what}`, () => engine.isTensor(tensor))) return tensor as T;
  throw new InputError(
    `${engine.id}.${what}: the tensor must be one of this backend, got ${printValue(tensor)}.`,
    "INVALID_INPUT",
  );
}

function compileLoss<T, R extends string, P extends string>(
  engine: Engine<T>,
  cache: ExecutableCache<T>,
  spec: LossSpec<R, P>,
  options: CompileOptions | undefined,
): SyncCompiledLoss<T, R, P> {
  checkSpec("compile", spec);
  const { dtype = engine.dtypes[0] } = readOptions("compile", options, compileRules);
  if (!engine.dtypes.includes(dtype)) {
    throw new DTypeError(`${engine.id}: dtype must be one of ${engine.dtypes.join(", ")}, got ${printValue(dtype)}.`);
  }
  const { name } = spec;
  type Result = ValueAndGrad<T, R | P>;
  const memo = new RequestMemo(spec, `${cache.keyOf(spec)} ${dtype}`);
  const discard = (out: NamedOut<T>, tensors: readonly (T | undefined)[]): void => {
    const kept = new Set(Object.values(out));
    for (const tensor of tensors) if (tensor !== undefined && !kept.has(tensor)) engine.release(tensor);
  };
  const discardValue = (tensor: T, out?: T): void => discard({ value: out }, [tensor]);
  const discardResult = ({ value: tensor, grads }: Result, out: NamedOut<T>): void =>
    discard(out, [tensor, ...Object.values<T | undefined>(grads)]);
  const value = (feeds: Feeds<T, R, P>, { signal, out }: Partial<ValueOptions<T>>): MaybePromise<T> =>
    untilCancelled(
      signal,
      () => runLoss(engine, cache, { spec, dtype, memo, gradients: "none", signal, out: { value: out } }, feeds, first),
      (tensor) => discardValue(tensor, out),
    );
  const valueAndGrad = (feeds: Feeds<T, R, P>, { wrt, signal, out }: ReadGradOptions<T>): MaybePromise<Result> => {
    const run: LossRun<T> = { spec, dtype, memo, gradients: wrt ?? "all", signal, out };
    return untilCancelled(
      signal,
      () => runLoss(engine, cache, run, feeds, (found): Result => ({ value: first(found), grads: gradsOf(found) })),
      (result) => discardResult(result, out),
    );
  };
  const valueOptions = (options: ValueOptions<T> | undefined): Partial<ValueOptions<T>> =>
    readOptions(name, options, valueRules as Rules<ValueOptions<T>>);
  const gradOptions = (options: GradOptions<T, R | P> | undefined): ReadGradOptions<T> =>
    options === undefined ? noGradOptions : readGradOptions(name, options);
  return {
    spec,
    value: (feeds, options) => promised(() => value(feeds, valueOptions(options))),
    valueAndGrad: (feeds, options) => promised(() => valueAndGrad(feeds, gradOptions(options))),
    warm: async (inputs, options) => {
      const { wrt, signal } = readOptions(`${name}.warm`, options, warmRules);
      const feeds = zeroFeeds(spec, inputs) as Feeds<T, R, P>;
      discardResult(await valueAndGrad(feeds, { wrt, signal, out: {} }), {});
    },
    valueSync: (feeds, options) => {
      const read = valueOptions(options);
      return now(engine, value(feeds, read), (tensor) => discardValue(tensor, read.out));
    },
    valueAndGradSync: (feeds, options) => {
      const read = gradOptions(options);
      return now(engine, valueAndGrad(feeds, read), (result) => discardResult(result, read.out));
    },
  };
}

/** The options of a call that differentiates, each read once. */
interface ReadGradOptions<T> {
  readonly wrt: readonly string[] | undefined;
  readonly signal: CancelSignal | undefined;
  readonly out: NamedOut<T>;
}

const noGradOptions = { wrt: undefined, signal: undefined, out: {} };

function readGradOptions<T, N extends string>(loss: string, options: GradOptions<T, N>): ReadGradOptions<T> {
  const { wrt, signal, out } = readOptions(loss, options, gradRules as Rules<GradOptions<T, N>>);
  return { wrt, signal, out: namedOut(loss, out) };
}

function gradsOf<T, N extends string>({ tensors, gradients }: LossResult<T>): { readonly [K in N]?: T } {
  const grads: Record<string, T | undefined> = {};
  for (let i = 0; i < gradients.length; i++) grads[gradients[i] ?? ""] = tensors[i + 1];
  return grads as { readonly [K in N]?: T };
}

function namedOut<T>(loss: string, out: GradOptions<T, string>["out"]): NamedOut<T> {
  if (out === undefined) return noGradOptions.out;
  const where = `${loss}: option out`;
  const { value, grads = {} } = readOptions(where, out, outRules as Rules<typeof out>);
  const named: Record<string, T | undefined> = { value };
  try {
    for (const name of Object.keys(grads)) named[gradientOutput(name)] = grads[name];
  } catch (cause) {
    throw unreadable(where, cause);
  }
  return named;
}

function first<T>({ tensors }: LossResult<T>): T {
  const value = tensors[0];
  if (value === undefined) throw new LossesError("BACKEND_FAILED", "run: the result must hold a value, got none.");
  return value;
}

/** What is there at once. What comes later all the same, nobody gets: it is handed to `discard`. */
function now<T, A>(engine: Engine<T>, value: MaybePromise<A>, discard: (value: A) => void): A {
  if (value instanceof Promise) {
    value.then(discard).catch(() => undefined);
    throw new UnsupportedOpError(`${engine.id}: answers asynchronously. Await value() or valueAndGrad() instead.`);
  }
  return value;
}
