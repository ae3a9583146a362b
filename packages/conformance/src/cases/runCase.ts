import {
  allLosses,
  checkBackend,
  elementName,
  InputError,
  inputOf,
  listsOf,
  LossesError,
  printValue,
  readOptions,
  specFromJSON,
  type AnyLoss,
  type Backend,
  type CompiledLoss,
  type FloatDType,
  type LossSpec,
  type PlainTensor,
  type Rules,
} from "@losses/core";
import { checkSingle, dtypeRule, flagRule, lossesRule, textRule } from "../arguments.js";
import { encodeTensor, type Case, type CaseError, type CaseResult, type JSONTensor } from "./caseFormat.js";

/** How cases are run. */
export interface RunOptions {
  /** The dtype to compute in; default: the backend's first. */
  readonly dtype?: FloatDType;
  /** False leaves out the gradients that cases ask for. Default true. */
  readonly gradients?: boolean;
  /** Where losses are looked up. Default: those of `@losses/core`. */
  readonly losses?: readonly AnyLoss[];
  /** The backend id to print; default the backend's own. */
  readonly name?: string;
}

const runRules: Rules<RunOptions> = {
  dtype: dtypeRule,
  gradients: flagRule,
  losses: lossesRule,
  name: textRule,
};

/** Runs one case after the other on one backend; compiled losses are kept between cases. */
export type RunCase = (single: Case) => Promise<CaseResult>;

/**
 * Makes a function that runs cases on a backend. It never throws: what goes wrong is the result of the case.
 *
 * @example
 * ```ts
 * const run = caseRunner(await createBackend(), { dtype: "float32" });
 * for (const fixture of loadFixtures()) console.log(JSON.stringify(await run(fixture)));
 * ```
 */
export function caseRunner<T>(backend: Backend<T>, options?: RunOptions): RunCase {
  checkBackend("caseRunner", backend);
  const {
    dtype,
    gradients = true,
    losses = allLosses,
    name = backend.id,
  } = readOptions("caseRunner", options, runRules);
  const compiled = new Map<string, Promise<CompiledLoss<T>>>();
  const compile = (single: Case): Promise<CompiledLoss<T>> => {
    const spec = specFromJSON(losses, { name: single.loss, options: single.options });
    const key = JSON.stringify(spec);
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const made = backend.compile(spec, dtype === undefined ? {} : { dtype });
    compiled.set(key, made);
    return made;
  };
  return async (given) => {
    let single: Case;
    try {
      single = checkSingle("runCase", given);
    } catch (error) {
      return describeError(null, error);
    }
    try {
      const loss = await compile(single);
      const results = await runLoss(backend, loss, single, gradients);
      return { id: single.id || null, ...results, backend: name, device: backend.device };
    } catch (error) {
      return describeError(single.id || null, error);
    }
  };
}

/**
 * Runs one case on a backend.
 *
 * @returns the value and gradients, or the typed error, in the form that `losses eval` prints
 */
export async function runCase<T>(backend: Backend<T>, single: Case, options?: RunOptions): Promise<CaseResult> {
  return caseRunner(backend, options)(single);
}

interface Results {
  readonly value: JSONTensor;
  readonly grads?: Readonly<Record<string, JSONTensor>>;
  readonly parts?: Readonly<Record<string, JSONTensor>>;
}

async function runLoss<T>(
  backend: Backend<T>,
  loss: CompiledLoss<T>,
  single: Case,
  gradients: boolean,
): Promise<Results> {
  const feeds = feedsOf(single, loss.spec);
  const asked = gradients ? single.inputs.filter((input) => input.grad).map((input) => input.name) : [];
  const parts = single.parts === true;
  const read = async (tensor: T): Promise<JSONTensor> => {
    const host = await backend.read(tensor);
    backend.release(tensor);
    return encodeTensor(host);
  };
  if (asked.length === 0 && !parts) {
    const value = await read(await loss.value(feeds));
    return gradients ? { value, grads: {} } : { value };
  }
  const found = await loss.valueAndGrad(feeds, { wrt: [...new Set(asked.map(inputOf))], parts });
  const value = await read(found.value);
  const grads: Record<string, JSONTensor> = {};
  for (const [name, gradient] of Object.entries<T | readonly T[] | undefined>(found.grads).flatMap(elementsOf)) {
    if (asked.includes(name)) grads[name] = await read(gradient);
    else backend.release(gradient);
  }
  const named: Record<string, JSONTensor> = {};
  for (const [name, part] of Object.entries(found.parts ?? {})) named[name] = await read(part);
  return { value, ...(gradients ? { grads } : {}), ...(parts ? { parts: named } : {}) };
}

/** A gradient, or those of the elements of a list, by their names. */
function elementsOf<T>([name, gradient]: readonly [string, T | readonly T[] | undefined]): readonly (readonly [
  string,
  T,
])[] {
  if (gradient === undefined) return [];
  if (!Array.isArray(gradient)) return [[name, gradient as T]];
  return (gradient as readonly T[]).map((element, i) => [elementName(name, i), element]);
}

/** The inputs of a case as a compiled loss takes them: elements as the lists that they are of. */
export function feedsOf(single: Case, { loss: { definition } }: LossSpec): Readonly<Record<string, PlainTensor>> {
  const refuse = (what: string): InputError => new InputError(`${single.loss}: ${what}.`, "INVALID_INPUT");
  const names = single.inputs.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw refuse(`inputs must have distinct names, got ${twice} twice`);
  const given = new Map(single.inputs.map(({ name, dtype, shape, data }) => [name, { data, shape, dtype }]));
  const isElement = (name: string): boolean => name !== inputOf(name) && listsOf(definition).has(inputOf(name));
  const feeds: Record<string, PlainTensor | readonly PlainTensor[]> = {};
  for (const [name, tensor] of given) {
    if (!isElement(name)) {
      feeds[name] = tensor;
      continue;
    }
    const list = inputOf(name);
    if (given.has(list)) throw refuse(`${list} must be given as a list or by its elements, got both`);
    const count = names.filter((other) => isElement(other) && inputOf(other) === list).length;
    feeds[list] = Array.from({ length: count }, (_, place) => {
      const element = given.get(elementName(list, place));
      if (element === undefined) throw refuse(`${list} must be a list without holes, got none at ${place}`);
      return element;
    });
  }
  // Of a loss that nothing is known of, types expect one tensor for each input.
  return feeds as Readonly<Record<string, PlainTensor>>;
}

/** Any error as the result of a case. */
export function describeError(id: string | null, error: unknown): CaseError {
  if (error instanceof LossesError) {
    return { id, error: { class: error.name, code: error.code, message: error.message } };
  }
  const name = error instanceof Error ? error.name : "Error";
  const message = error instanceof Error ? error.message : printValue(error);
  return { id, error: { class: name, code: "UNEXPECTED", message } };
}
