import {
  allLosses,
  checkBackend,
  InputError,
  LossesError,
  printValue,
  readOptions,
  specFromJSON,
  type AnyLoss,
  type Backend,
  type CompiledLoss,
  type FloatDType,
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
  return async (single) => {
    try {
      checkSingle("runCase", single);
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
}

async function runLoss<T>(
  backend: Backend<T>,
  loss: CompiledLoss<T>,
  single: Case,
  gradients: boolean,
): Promise<Results> {
  const feeds = feedsOf(single);
  const wrt = single.inputs.filter((input) => input.grad).map((input) => input.name);
  const read = async (tensor: T): Promise<JSONTensor> => {
    const host = await backend.read(tensor);
    backend.release(tensor);
    return encodeTensor(host);
  };
  if (!gradients || wrt.length === 0) {
    const value = await read(await loss.value(feeds));
    return gradients ? { value, grads: {} } : { value };
  }
  const { value, grads } = await loss.valueAndGrad(feeds, { wrt });
  const readGrads: Record<string, JSONTensor> = {};
  const readValue = await read(value);
  for (const [name, tensor] of Object.entries<T | undefined>(grads)) {
    if (tensor !== undefined) readGrads[name] = await read(tensor);
  }
  return { value: readValue, grads: readGrads };
}

/** The inputs of a case as a compiled loss takes them. */
export function feedsOf(single: Case): Readonly<Record<string, PlainTensor>> {
  const names = single.inputs.map((input) => input.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError(`${single.loss}: inputs must have distinct names, got ${twice} twice.`, "INVALID_INPUT");
  }
  return Object.fromEntries(
    single.inputs.map(({ name, dtype, shape, data }): [string, PlainTensor] => [name, { data, shape, dtype }]),
  );
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
