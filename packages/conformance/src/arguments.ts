import {
  allLosses,
  checkArgument,
  checkLosses,
  isFloat,
  isListOf,
  isObject,
  isPlainObject,
  isTexts,
  listRule as coreListRule,
  OptionError,
  readable,
  readParts,
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
export const textsRule: Rule = { domain: "a list of texts", accepts: isTexts };
export const flagRule: Rule = { domain: "true or false", accepts: (value) => typeof value === "boolean" };
export const functionRule: Rule = { domain: "a function", accepts: (value) => typeof value === "function" };

export const dtypeRule: Rule = {
  domain: "float16, float32 or float64",
  accepts: (value) => isFloat(value as FloatDType),
};

export const dtypesRule: Rule = {
  domain: "a list of float16, float32 and float64",
  accepts: (value) => isListOf(value, dtypeRule.accepts),
};

export const lossesRule: Rule = {
  domain: "a list of losses such as allLosses",
  accepts: (value) => {
    checkLosses("conformance", value as readonly AnyLoss[]);
    return true;
  },
};

/** Named texts: versions, facts of a machine. */
export const textRecordRule: Rule = {
  domain: "a plain object of texts",
  accepts: (value) => isPlainObject(value) && Object.values(value).every((item) => typeof item === "string"),
};

/** The address of a file or folder. */
export const placeRule: Rule = {
  domain: "a URL of a file",
  accepts: (value) => value instanceof URL && value.protocol === "file:",
};

export const numbersRule: Rule = coreListRule("a list of numbers", {
  domain: "a number",
  accepts: (value) => typeof value === "number",
});

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
  options: { domain: "a plain object", accepts: isPlainObject },
  inputs: listRule,
  parts: flagRule,
  expected: { domain: "a value with gradients, or an error", accepts: isExpected },
  source: textRule,
  note: textRule,
};

function isExpected(value: unknown): value is Expected {
  if (!isPlainObject(value)) return false;
  if (typeof value["error"] === "string") return true;
  const { grads, parts } = value;
  return isTensor(value["value"]) && areTensors(grads) && (parts === undefined || areTensors(parts));
}

function areTensors(value: unknown): boolean {
  return isPlainObject(value) && Object.values(value).every(isTensor);
}

/** A case as it was given, read once; throws `OptionError` on what is none. */
export function checkSingle<C extends Case>(where: string, single: C): C {
  const parts = readParts<Case>(where, single, caseRules, ["id", "loss", "options", "inputs"]);
  const inputs = parts.inputs.map((input) =>
    readParts(`${where}: input`, input, inputRules, ["name", "dtype", "shape", "data", "grad"]),
  );
  const read: Case = { ...parts, inputs };
  return read as C;
}

/** Refuses what is no list of cases with their answers; throws `OptionError`. */
export function checkFixtureList(where: string, fixtures: readonly Fixture[]): void {
  checkArgument(where, "the fixtures", fixtures, listRule);
  for (const fixture of fixtures) {
    checkSingle(where, fixture);
    if ((fixture as Case).expected !== undefined) continue;
    throw new OptionError(`${where}: fixtures must have an expected answer, got ${fixture.id} without.`);
  }
}

const failureRules: Rules<KnownFailure> = {
  backend: textRule,
  case: textRule,
  dtype: dtypeRule,
  part: {
    domain: '"value", "gradient" or "error"',
    accepts: (value) => value === "value" || value === "gradient" || value === "error",
  },
  reason: textRule,
  link: textRule,
};

export const knownFailuresRule: Rule = {
  domain: "a list of known failures",
  accepts: (value) => {
    if (!Array.isArray(value)) return false;
    for (const entry of value) readParts("known failure", entry, failureRules, ["backend", "case", "reason", "link"]);
    return true;
  },
};

/** The losses that were given, else those of `@losses/core`. */
export function givenLosses(where: string, losses: readonly AnyLoss[] = allLosses): readonly AnyLoss[] {
  return checkLosses(where, losses);
}
