import { printValue, readOptions, unreadable, type Rules } from "../arguments.js";
import type {
  CancelSignal,
  CompileOptions,
  Engine,
  EngineUse,
  MaybePromise,
  RunOptions,
  ValueOptions,
  WarmOptions,
} from "../backend.js";
import { DTypeError, LossesError } from "../errors.js";
import { checkSpec } from "../loss/checkSpec.js";
import type { LossSpec } from "../loss/define.js";
import { elementName, regrouped } from "../loss/lists.js";
import { gradientOutput, partOutput } from "../loss/traceLoss.js";
import { compileRules, gradRules, outRules, valueRules, warmRules } from "./callOptions.js";
import { untilCancelled } from "./cancel.js";
import type { ExecutableCache } from "./executableCache.js";
import { runLoss, type LossResult, type LossRun } from "./lossRunner.js";
import { now, promised } from "./maybe.js";
import type { NamedOut } from "./out.js";
import { RequestMemo } from "./requestMemo.js";
import { zeroFeeds } from "./warm.js";

type AnyFeeds = Readonly<Record<string, unknown>>;
type AnyGrads<T> = Readonly<Record<string, T | readonly T[] | undefined>>;

interface AnyResult<T> {
  readonly value: T;
  readonly grads: AnyGrads<T>;
  readonly parts?: Readonly<Record<string, T>>;
}

interface AnyGradOptions<T> extends RunOptions {
  readonly wrt?: readonly string[];
  readonly parts?: boolean;
  readonly out?: { readonly value?: T; readonly grads?: AnyGrads<T> };
}

/** A compiled loss without the names of its inputs. */
export interface AnyCompiledLoss<T> {
  readonly spec: LossSpec;
  value(feeds: AnyFeeds, options?: ValueOptions<T>): Promise<T>;
  valueAndGrad(feeds: AnyFeeds, options?: AnyGradOptions<T>): Promise<AnyResult<T>>;
  warm(inputs: AnyFeeds, options?: WarmOptions<string>): Promise<void>;
  uses(): readonly EngineUse[];
  valueSync(feeds: AnyFeeds, options?: ValueOptions<T>): T;
  valueAndGradSync(feeds: AnyFeeds, options?: AnyGradOptions<T>): AnyResult<T>;
}

/** Makes a loss ready for an engine: checks its calls, runs them, and frees what nobody gets. */
export function compileLoss<T>(
  engine: Engine<T>,
  cache: ExecutableCache<T>,
  spec: LossSpec,
  options: CompileOptions | undefined,
): AnyCompiledLoss<T> {
  checkSpec("compile", spec);
  const { dtype = engine.dtypes[0] } = readOptions("compile", options, compileRules);
  if (!engine.dtypes.includes(dtype)) {
    throw new DTypeError(`${engine.id}: dtype must be one of ${engine.dtypes.join(", ")}, got ${printValue(dtype)}.`);
  }
  const { name } = spec;
  const { definition } = spec.loss;
  type Result = AnyResult<T>;
  const memo = new RequestMemo(spec, `${cache.keyOf(spec)} ${dtype}`);
  const noted = new Set<EngineUse>();
  const own: EngineUse = { engine: engine.id };
  const note = (use: EngineUse = own): unknown => noted.add(use);
  const discard = (out: NamedOut<T>, tensors: readonly (T | undefined)[]): void => {
    const kept = new Set(Object.values(out));
    for (const tensor of tensors) if (tensor !== undefined && !kept.has(tensor)) engine.release(tensor);
  };
  const discardValue = (tensor: T, out?: T): void => discard({ value: out }, [tensor]);
  const discardResult = ({ value: tensor, grads, parts = {} }: Result, out: NamedOut<T>): void =>
    discard(out, [tensor, ...Object.values(grads).flatMap((gradient) => gradient as T | T[]), ...Object.values(parts)]);
  const value = (feeds: AnyFeeds, { signal, out }: Partial<ValueOptions<T>>, isLater: boolean): MaybePromise<T> => {
    const own = { gradients: "none", parts: false, out: { value: out } } as const;
    const run: LossRun<T> = { spec, dtype, memo, signal, isLater, note, ...own };
    return untilCancelled(
      signal,
      () => runLoss(engine, cache, run, feeds, first),
      (tensor) => discardValue(tensor, out),
    );
  };
  const valueAndGrad = (feeds: AnyFeeds, options: ReadGradOptions<T>, isLater: boolean): MaybePromise<Result> => {
    const { wrt, parts, signal, out } = options;
    const run: LossRun<T> = { spec, dtype, memo, gradients: wrt ?? "all", parts, signal, isLater, out, note };
    const finish = (found: LossResult<T>): Result => ({
      value: first(found),
      grads: regrouped(definition, namedBy(gradientOutput(""), found)),
      ...(parts ? { parts: namedBy(partOutput(""), found) } : {}),
    });
    return untilCancelled(
      signal,
      () => runLoss(engine, cache, run, feeds, finish),
      (result) => discardResult(result, out),
    );
  };
  const valueOptions = (given: ValueOptions<T> | undefined): Partial<ValueOptions<T>> =>
    readOptions(name, given, valueRules as Rules<ValueOptions<T>>);
  const gradOptions = (given: AnyGradOptions<T> | undefined): ReadGradOptions<T> =>
    given === undefined ? noGradOptions : readGradOptions(name, given);
  return {
    spec,
    value: (feeds, given) => promised(() => value(feeds, valueOptions(given), true)),
    valueAndGrad: (feeds, given) => promised(() => valueAndGrad(feeds, gradOptions(given), true)),
    warm: async (inputs, given) => {
      const { wrt, signal } = readOptions(`${name}.warm`, given, warmRules);
      const feeds = zeroFeeds(spec, inputs);
      discardResult(await valueAndGrad(feeds, { ...noGradOptions, wrt, signal }, true), {});
    },
    uses: () => [...new Map([...noted].map((use) => [`${use.engine} ${use.reason}`, use])).values()],
    valueSync: (feeds, given) => {
      const read = valueOptions(given);
      return now(engine, value(feeds, read, false), (tensor) => discardValue(tensor, read.out));
    },
    valueAndGradSync: (feeds, given) => {
      const read = gradOptions(given);
      return now(engine, valueAndGrad(feeds, read, false), (result) => discardResult(result, read.out));
    },
  };
}

/** The options of a call that differentiates, each read once. */
interface ReadGradOptions<T> {
  readonly wrt: readonly string[] | undefined;
  readonly parts: boolean;
  readonly signal: CancelSignal | undefined;
  readonly out: NamedOut<T>;
}

const noGradOptions = { wrt: undefined, parts: false, signal: undefined, out: {} };

function readGradOptions<T>(loss: string, options: AnyGradOptions<T>): ReadGradOptions<T> {
  const { wrt, parts = false, signal, out } = readOptions(loss, options, gradRules as Rules<AnyGradOptions<T>>);
  return { wrt, parts, signal, out: namedOut(loss, out) };
}

/** Results whose names begin like this, by the rest of their names. */
function namedBy<T>(start: string, { tensors, names }: LossResult<T>): Readonly<Record<string, T>> {
  const named: Record<string, T> = {};
  for (let i = 0; i < names.length; i++) {
    const [name = "", tensor] = [names[i], tensors[i]];
    if (tensor !== undefined && name.startsWith(start)) named[name.slice(start.length)] = tensor;
  }
  return named;
}

function namedOut<T>(loss: string, out: AnyGradOptions<T>["out"]): NamedOut<T> {
  if (out === undefined) return noGradOptions.out;
  const where = `${loss}: option out`;
  const { value, grads = {} } = readOptions(where, out, outRules as Rules<typeof out>);
  const named: Record<string, T | undefined> = { value };
  try {
    for (const name of Object.keys(grads)) {
      const given = grads[name];
      if (!Array.isArray(given)) named[gradientOutput(name)] = given as T | undefined;
      else given.forEach((tensor: T, i) => (named[gradientOutput(elementName(name, i))] = tensor));
    }
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
