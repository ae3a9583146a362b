import type {
  Backend,
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
  const discardValue = (tensor: T, out?: T): void => discard({ value: out }, [tensor]);
  const discardResult = ({ value: tensor, grads }: Result, out?: GradOptions<T, R | P>["out"]): void =>
    discard(namedOut(out), [tensor, ...Object.values<T | undefined>(grads)]);
  const value = (feeds: Feeds<T, R, P>, { signal, out }: ValueOptions<T> = {}): MaybePromise<T> =>
    untilCancelled(
      signal,
      () => runLoss(engine, cache, { spec, dtype, memo, gradients: "none", signal, out: { value: out } }, feeds, first),
      (tensor) => discardValue(tensor, out),
    );
  const valueAndGrad = (
    feeds: Feeds<T, R, P>,
    { wrt, signal, out }: GradOptions<T, R | P> = {},
  ): MaybePromise<Result> => {
    const run: LossRun<T> = { spec, dtype, memo, gradients: wrt ?? "all", signal, out: namedOut(out) };
    return untilCancelled(
      signal,
      () => runLoss(engine, cache, run, feeds, (found): Result => ({ value: first(found), grads: gradsOf(found) })),
      (result) => discardResult(result, out),
    );
  };
  return {
    spec,
    value: (feeds, options) => promised(() => value(feeds, options)),
    valueAndGrad: (feeds, options) => promised(() => valueAndGrad(feeds, options)),
    warm: async (inputs, options) =>
      discardResult(await valueAndGrad(zeroFeeds(spec, inputs) as Feeds<T, R, P>, options)),
    valueSync: (feeds, options) => now(engine, value(feeds, options), (tensor) => discardValue(tensor, options?.out)),
    valueAndGradSync: (feeds, options) =>
      now(engine, valueAndGrad(feeds, options), (result) => discardResult(result, options?.out)),
  };
}

function gradsOf<T, N extends string>({ tensors, gradients }: LossResult<T>): { readonly [K in N]?: T } {
  const grads: Record<string, T | undefined> = {};
  for (let i = 0; i < gradients.length; i++) grads[gradients[i] ?? ""] = tensors[i + 1];
  return grads as { readonly [K in N]?: T };
}

function namedOut<T>(out: GradOptions<T, string>["out"]): NamedOut<T> {
  const named: Record<string, T | undefined> = {};
  if (out?.value !== undefined) named["value"] = out.value;
  const grads: NamedOut<T> = out?.grads ?? {};
  for (const name in grads) named[gradientOutput(name)] = grads[name];
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
