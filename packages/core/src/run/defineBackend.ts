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
import { DTypeError, LossesError, OptionError, UnsupportedOpError } from "../errors.js";
import type { LossSpec } from "../loss/define.js";
import { printValue } from "../loss/options.js";
import { gradientOutput } from "../loss/traceLoss.js";
import { isFloat, type DType, type FloatDType } from "../tensor/dtype.js";
import { untilCancelled } from "./cancel.js";
import { ExecutableCache } from "./executableCache.js";
import { readPlain, toHost } from "./host.js";
import { runLoss, type LossResult } from "./lossRunner.js";
import { chain, promised } from "./maybe.js";
import type { NamedOut } from "./out.js";
import { RequestMemo, type WantedGradients } from "./requestMemo.js";
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
  const cache = new ExecutableCache(engine);
  const compileSync = <R extends string, P extends string>(
    spec: LossSpec<R, P>,
    options: CompileOptions = {},
  ): SyncCompiledLoss<T, R, P> => compileLoss(engine, cache, spec, options);
  return {
    id: engine.id,
    device: engine.device,
    dtypes: engine.dtypes,
    compile: async (spec, options) => compileSync(spec, options),
    compileSync,
    tensor: (data, options = {}) => engine.upload(plainTensor(engine, data, options.dtype)),
    read: async (tensor) => engine.download(tensor),
    readSync: (tensor) => now(engine, engine.download(tensor), () => undefined),
    release: (tensor) => engine.release(tensor),
    dispose: async () => {
      await cache.dispose();
      await engine.dispose();
    },
  };
}

function plainTensor<T>(engine: Engine<T>, data: PlainTensor, wanted: DType | undefined): HostTensor {
  const plain = readPlain(`${engine.id}.tensor: data`, data);
  const own: DType = plain.dtype === "untyped" ? engine.dtypes[0] : plain.dtype === "int64" ? "int32" : plain.dtype;
  const fallback = isFloat(own) && !engine.dtypes.includes(own) ? engine.dtypes[0] : own;
  return toHost(`${engine.id}.tensor: data`, plain, wanted ?? fallback);
}

function compileLoss<T, R extends string, P extends string>(
  engine: Engine<T>,
  cache: ExecutableCache<T>,
  spec: LossSpec<R, P>,
  options: CompileOptions,
): SyncCompiledLoss<T, R, P> {
  if (typeof spec !== "object" || spec === null || typeof spec.loss !== "function") {
    const hint = typeof spec === "function" ? " Call the loss first: compile(clipLoss())." : "";
    throw new OptionError(`compile: the first argument must be a loss spec, got ${printValue(spec)}.${hint}`);
  }
  const dtype: FloatDType = options.dtype ?? engine.dtypes[0];
  if (!engine.dtypes.includes(dtype)) {
    throw new DTypeError(`${engine.id}: dtype must be one of ${engine.dtypes.join(", ")}, got ${dtype}.`);
  }
  type Result = ValueAndGrad<T, R | P>;
  const memo = new RequestMemo(spec, `${cache.keyOf(spec)} ${dtype}`);
  const discard = (out: NamedOut<T>, tensors: readonly (T | undefined)[]): void => {
    const kept = new Set(Object.values(out));
    for (const tensor of tensors) if (tensor !== undefined && !kept.has(tensor)) engine.release(tensor);
  };
  const run = (
    gradients: WantedGradients,
    feeds: Feeds<T, R, P>,
    signal: CancelSignal | undefined,
    out: NamedOut<T>,
  ): MaybePromise<LossResult<T>> =>
    untilCancelled(
      signal,
      () => runLoss(engine, cache, { spec, dtype, memo, gradients, signal, out }, feeds),
      ({ tensors }) => discard(out, tensors),
    );
  const value = (feeds: Feeds<T, R, P>, { signal, out }: ValueOptions<T> = {}): MaybePromise<T> =>
    chain(run("none", feeds, signal, { value: out }), ({ tensors }) => first(tensors));
  const valueAndGrad = (
    feeds: Feeds<T, R, P>,
    { wrt, signal, out }: GradOptions<T, R | P> = {},
  ): MaybePromise<Result> =>
    chain(run(wrt ?? "all", feeds, signal, namedOut(out)), ({ tensors, gradients }) => ({
      value: first(tensors),
      grads: Object.fromEntries(gradients.map((name, i) => [name, tensors[i + 1]])) as Result["grads"],
    }));
  const release = ({ value: tensor, grads }: Result): void =>
    discard({}, [tensor, ...Object.values<T | undefined>(grads)]);
  return {
    spec,
    value: (feeds, options) => promised(() => value(feeds, options)),
    valueAndGrad: (feeds, options) => promised(() => valueAndGrad(feeds, options)),
    warm: async (inputs, options) => release(await valueAndGrad(zeroFeeds(spec, inputs) as Feeds<T, R, P>, options)),
    valueSync: (feeds, options) =>
      now(engine, value(feeds, options), (tensor) => discard({ value: options?.out }, [tensor])),
    valueAndGradSync: (feeds, options) =>
      now(engine, valueAndGrad(feeds, options), (result) =>
        discard(namedOut(options?.out), [result.value, ...Object.values<T | undefined>(result.grads)]),
      ),
  };
}

function namedOut<T>(out: GradOptions<T, string>["out"]): NamedOut<T> {
  if (out === undefined) return {};
  const grads = Object.entries(out.grads ?? {}).map(([name, tensor]) => [gradientOutput(name), tensor]);
  return { value: out.value, ...Object.fromEntries(grads) };
}

function first<T>(tensors: readonly T[]): T {
  const [value] = tensors;
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
