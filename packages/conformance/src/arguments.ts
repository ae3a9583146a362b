import {
  allLosses,
  checkArgument,
  checkLosses,
  isFloat,
  isObject,
  isPlainObject,
  listRule as coreListRule,
  OptionError,
  readable,
  readParts,
  recordRule,
  type AnyLoss,
  type FloatDType,
  type Rule,
  type Rules,
} from "@losses/core";
import type { Bounded } from "./analysis/bounded.js";
import type { Case, CaseInput, CaseTensor, Expected, Fixture } from "./cases/caseFormat.js";
import type { KnownFailure } from "./suite/knownFailures.js";

export const textRule: Rule = { domain: "a text", accepts: (value) => typeof value === "string" };
export const listRule: Rule = coreListRule("a list of plain objects", {
  domain: "a plain object",
  accepts: isPlainObject,
});
export const countRule: Rule = {
  domain: "an integer >= 1",
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
};

export const flagRule: Rule = { domain: "true or false", accepts: (value) => typeof value === "boolean" };
export const functionRule: Rule = { domain: "a function", accepts: (value) => typeof value === "function" };

export const dtypeRule: Rule = {
  domain: "float16, float32 or float64",
  accepts: (value) => isFloat(value as FloatDType),
};

export const dtypesRule: Rule = coreListRule("a list of float16, float32 and float64", dtypeRule);

export const lossesRule: Rule = {
  domain: "a list of losses such as allLosses",
  accepts: (value) => checkLosses("conformance", value as readonly AnyLoss[]).length >= 0,
  read: (value) => checkLosses("conformance", value as readonly AnyLoss[]),
};

/** Named texts: versions, facts of a machine. */
export const textRecordRule: Rule = recordRule("a plain object of texts", textRule);

/** The address of a file or folder. */
export const placeRule: Rule = {
  domain: "a URL of a file",
  accepts: (value) => value instanceof URL && value.protocol === "file:",
};

export const numberRule: Rule = { domain: "a number", accepts: (value) => typeof value === "number" };
export const numbersRule: Rule = coreListRule("a list of numbers", numberRule);

export const tensorRule: Rule = {
  domain: "a shape and data that are numbers",
  accepts: isTensor,
  read: (value) => {
    if (!isPlainObject(value)) return undefined;
    const [shape, data] = [numbersRule.read?.(value["shape"]), numbersRule.read?.(value["data"])];
    return shape === undefined || data === undefined ? undefined : { shape, data };
  },
};

/** An argument, its parts read once; throws `OptionError` where its rule does not accept it. */
export function readArgument<T>(where: string, what: string, value: T, rule: Rule): T {
  const kept = readable(where, () => rule.read?.(value));
  if (kept !== undefined) return kept as T;
  checkArgument(where, what, value, rule);
  return value;
}

function isTensor(value: unknown): value is CaseTensor {
  return isPlainObject(value) && numbersRule.accepts(value["shape"]) && numbersRule.accepts(value["data"]);
}

/** What the error analysis says of a tensor: numbers of which there are equally many. */
export const boundedRule: Rule = {
  domain: "bounds as analyze gives them",
  accepts: (value) => boundedOf(value) !== undefined,
  read: boundedOf,
};

function boundedOf(value: unknown): Bounded | undefined {
  if (!isObject(value)) return undefined;
  const own = { ...value } as Partial<Bounded>;
  const { value: numbers, low, high, error, nan } = own;
  const shape = numbersRule.read?.(own.shape);
  const count = error instanceof Float64Array ? error.length : -1;
  const isWhole = [numbers, low, high].every((part) => part instanceof Float64Array && part.length === count);
  if (shape === undefined || !isWhole || !(nan instanceof Uint8Array) || nan.length !== count) return undefined;
  return { ...own, shape } as Bounded;
}

/** A rule for plain objects of certain parts, of which a copy is kept. */
export function partsRule<O extends object>(
  domain: string,
  rules: Rules<O>,
  required: readonly (keyof O & string)[],
): Rule {
  const read = (value: unknown): O => readParts(domain, value as O, rules, required);
  return { domain, accepts: (value) => read(value) !== undefined, read };
}

const inputRules: Rules<CaseInput> = {
  name: textRule,
  // One that no loss takes is refused where the loss is bound.
  dtype: textRule,
  shape: numbersRule,
  data: numbersRule,
  grad: flagRule,
};

const caseRules: Rules<Case> = {
  id: textRule,
  loss: textRule,
  options: {
    domain: "a plain object",
    accepts: isPlainObject,
    read: (value) => (isPlainObject(value) ? { ...value } : undefined),
  },
  inputs: listRule,
  parts: flagRule,
  expected: {
    domain: "a value with gradients, or an error",
    accepts: (value) => expectedOf(value) !== undefined,
    read: expectedOf,
  },
  source: textRule,
  note: textRule,
};

function expectedOf(value: unknown): Expected | undefined {
  if (!isPlainObject(value)) return undefined;
  const { error, value: tensor, grads, parts } = value;
  if (typeof error === "string") return { error };
  const own = tensorRule.read?.(tensor);
  const [ownGrads, ownParts] = [tensorsRule.read?.(grads), parts === undefined ? {} : tensorsRule.read?.(parts)];
  if (own === undefined || ownGrads === undefined || ownParts === undefined) return undefined;
  return { value: own, grads: ownGrads, ...(parts === undefined ? {} : { parts: ownParts }) } as Expected;
}

const tensorsRule: Rule = recordRule("a plain object of tensors", tensorRule);

/** A case as it was given, read once; throws `OptionError` on what is none. */
export function checkSingle<C extends Case>(where: string, single: C): C {
  const parts = readParts<Case>(where, single, caseRules, ["id", "loss", "options", "inputs"]);
  const inputs = parts.inputs.map((input) =>
    readParts(`${where}: input`, input, inputRules, ["name", "dtype", "shape", "data", "grad"]),
  );
  const read: Case = { ...parts, inputs };
  return read as C;
}

/** Cases with their answers as they were given, read once; throws `OptionError` on what is no list of them. */
export function givenFixtures(where: string, fixtures: readonly Fixture[]): readonly Fixture[] {
  return readArgument(where, "the fixtures", fixtures, listRule).map((fixture) => {
    const single: Case = checkSingle(where, fixture);
    const { expected } = single;
    if (expected !== undefined) return { ...single, expected };
    throw new OptionError(`${where}: fixtures must have an expected answer, got ${single.id} without.`);
  });
}

export const partRule: Rule = {
  domain: '"value", "gradient" or "error"',
  accepts: (value) => value === "value" || value === "gradient" || value === "error",
};

const failureRules: Rules<KnownFailure> = {
  backend: textRule,
  case: textRule,
  dtype: dtypeRule,
  part: partRule,
  reason: textRule,
  link: textRule,
};

export const knownFailuresRule: Rule = coreListRule("a list of known failures", {
  domain: "a known failure",
  accepts: isPlainObject,
  read: (entry) =>
    readParts("known failure", entry as KnownFailure, failureRules, ["backend", "case", "reason", "link"]),
});

/** The losses that were given, else those of `@losses/core`. */
export function givenLosses(where: string, losses: readonly AnyLoss[] = allLosses): readonly AnyLoss[] {
  return checkLosses(where, losses);
}
