import type {
  Backend,
  CompiledLoss,
  CompileOptions,
  Engine,
  Executable,
  Feeds,
  HostTensor,
  MaybePromise,
  PlainTensor,
  SyncBackend,
  SyncCompiledLoss,
  ValueAndGrad,
} from "../backend.js";
import { DTypeError, LossesError, OptionError, UnsupportedOpError } from "../errors.js";
import type { Binding } from "../loss/bind.js";
import type { LossSpec } from "../loss/define.js";
import { printValue } from "../loss/options.js";
import { isFloat, type DType, type FloatDType } from "../tensor/dtype.js";
import { readPlain, toHost } from "./host.js";
import { runLoss, traceRun, type LossRun } from "./lossRunner.js";
import { chain } from "./maybe.js";

/** Makes an engine into the backend that users hold. */
export function defineBackend<T>(engine: Engine<T>): Backend<T> {
  return makeBackend(engine);
}

/** The same for an engine that never answers with a promise: its backend has a synchronous path as well. */
export function defineSyncBackend<T>(engine: Engine<T>): SyncBackend<T> {
  return makeBackend(engine);
}

function makeBackend<T>(engine: Engine<T>): SyncBackend<T> {
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
    readSync: (tensor) => now(engine, engine.download(tensor)),
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
  const compile = cache.compile.bind(cache);
  const value = (feeds: Feeds<T, R, P>): MaybePromise<T> =>
    chain(runLoss(engine, compile, { spec, dtype, gradients: "none" }, feeds), ({ tensors }) => first(tensors));
  const valueAndGrad = (
    feeds: Feeds<T, R, P>,
    { wrt }: { readonly wrt?: readonly string[] } = {},
  ): MaybePromise<ValueAndGrad<T, R | P>> =>
    chain(runLoss(engine, compile, { spec, dtype, gradients: wrt ?? "all" }, feeds), ({ tensors, gradients }) => ({
      value: first(tensors),
      grads: Object.fromEntries(gradients.map((name, i) => [name, tensors[i + 1]])) as ValueAndGrad<T, R | P>["grads"],
    }));
  return {
    spec,
    value: async (feeds) => value(feeds),
    valueAndGrad: async (feeds, grad) => valueAndGrad(feeds, grad),
    valueSync: (feeds) => now(engine, value(feeds)),
    valueAndGradSync: (feeds, grad) => now(engine, valueAndGrad(feeds, grad)),
  } satisfies CompiledLoss<T, R, P> & SyncCompiledLoss<T, R, P>;
}

function first<T>(tensors: readonly T[]): T {
  const [value] = tensors;
  if (value === undefined) throw new LossesError("BACKEND_FAILED", "run: the result must hold a value, got none.");
  return value;
}

function now<T, A>(engine: Engine<T>, value: MaybePromise<A>): A {
  if (value instanceof Promise) {
    throw new UnsupportedOpError(`${engine.id}: answers asynchronously. Await value() or valueAndGrad() instead.`);
  }
  return value;
}

/** Executables by graph: the loss and its options, the signature of its inputs, dtype and gradients. */
class ExecutableCache<T> {
  readonly #engine: Engine<T>;
  readonly #executables = new Map<string, MaybePromise<Executable<T>>>();
  readonly #identities = new WeakMap<object, number>();
  #identity = 0;
  #disposed = false;

  constructor(engine: Engine<T>) {
    this.#engine = engine;
  }

  compile(run: LossRun, binding: Binding, gradients: readonly string[]): MaybePromise<Executable<T>> {
    if (this.#disposed) {
      throw new LossesError(
        "BACKEND_DISPOSED",
        `${this.#engine.id}: the backend must be alive, got one that is disposed.`,
      );
    }
    const key = JSON.stringify([this.#specKey(run.spec), run.dtype, gradients, binding.key]);
    const known = this.#executables.get(key);
    if (known !== undefined) return known;
    const made = this.#engine.compile(traceRun(run, binding, gradients));
    this.#executables.set(key, made);
    // A compilation that failed must not be remembered as the answer.
    if (made instanceof Promise) made.catch(() => this.#executables.delete(key));
    return made;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const executables = await Promise.allSettled([...this.#executables.values()].map(async (made) => made));
    this.#executables.clear();
    for (const result of executables) if (result.status === "fulfilled") await result.value.dispose();
  }

  // Two losses may share a name; the definition itself tells them apart, and so do functions given as options.
  #specKey(spec: LossSpec): unknown {
    const options = Object.entries(spec.options).map(([name, value]) => [
      name,
      typeof value === "function" ? this.#identify(value) : typeof value === "number" ? String(value) : value,
    ]);
    return [this.#identify(spec.loss), options];
  }

  #identify(value: object): number {
    const known = this.#identities.get(value);
    if (known !== undefined) return known;
    this.#identity += 1;
    this.#identities.set(value, this.#identity);
    return this.#identity;
  }
}
