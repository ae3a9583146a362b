import {
  inputDTypes,
  isFloat,
  isInputDType,
  isPlainObject,
  isSize,
  listRule,
  OptionError,
  printValue,
  readable,
  readOptions,
  recordRule,
  ShapeError,
  substituteDim,
  symbolsOf,
  type Dim,
  type Rule,
  type Rules,
  type Shape,
} from "@losses/core";
import type { LossDescription } from "@losses/core/docs";
import { providers } from "./emit/providers.js";
import { passNames } from "./emit/passes/names.js";
import type { ExportInput } from "./inputShapes.js";
import type { LossGraphOptions } from "./lossGraph.js";

// Rules of options that several functions of this package have.

export const flagRule: Rule = { domain: "true or false", accepts: (value) => typeof value === "boolean" };

const textRule: Rule = { domain: "a text", accepts: (value) => typeof value === "string" };

export const textsRule: Rule = listRule("a list of names", textRule);

export const providerRule: Rule = {
  domain: providers.map((name) => `"${name}"`).join(", "),
  accepts: (value) => providers.some((name) => name === value),
};

export const passesRule: Rule = listRule("a list of passes", {
  domain: passNames.join(", "),
  accepts: (value) => passNames.some((name) => name === value),
});

/** Something by name, of which `readRecord` reads the entries. */
export const byNameRule: Rule = { domain: "a plain object", accepts: isPlainObject };

export const textRecordRule: Rule = recordRule("a plain object of texts", textRule);

const docsRules: Rules<LossDescription> = {
  summary: textRule,
  formula: textRule,
  pytorch: textRule,
  notes: textsRule,
  references: textsRule,
  inputs: textRecordRule,
  options: textRecordRule,
};

/** What a model is to say of its loss: the option `docs`. */
export function readDocs(where: string, given: unknown): Partial<LossDescription> {
  return readOptions(`${where}: option docs`, given as Partial<LossDescription> | undefined, docsRules);
}

export const gradientsRule: Rule = {
  domain: "true, false or a list of names of inputs",
  accepts: (value) => typeof value === "boolean" || textsRule.accepts(value),
  read: (value) => (typeof value === "boolean" ? value : textsRule.read?.(value)),
};

export const graphRules: Rules<LossGraphOptions> = {
  gradients: gradientsRule,
  value: flagRule,
  parts: flagRule,
  dtype: { domain: "float16, float32 or float64", accepts: (value) => isInputDType(value) && isFloat(value) },
  inputs: byNameRule,
  shapes: byNameRule,
};

const inputRules: Rules<ExportInput> = {
  // With what is wrong in it: by readDims.
  shape: { domain: "a list of sizes and names", accepts: Array.isArray },
  dtype: { domain: inputDTypes.join(", "), accepts: isInputDType },
};

/** What is asked of single inputs, by name: the options `inputs` and `shapes`. */
export function readRequests(
  where: string,
  { inputs, shapes }: Pick<LossGraphOptions, "inputs" | "shapes">,
): Readonly<Record<string, ExportInput>> {
  const requests = new Map<string, ExportInput>();
  for (const [name, given] of readRecord(`${where}: option inputs`, inputs)) {
    const at = `${where}: inputs.${name}`;
    const { shape, ...rest } = readOptions(at, given as ExportInput, inputRules);
    requests.set(name, shape === undefined ? rest : { ...rest, shape: readDims(at, shape) });
  }
  for (const [name, shape] of readRecord(`${where}: option shapes`, shapes)) {
    requests.set(name, { ...requests.get(name), shape: readDims(`${where}: shapes.${name}`, shape) });
  }
  return Object.fromEntries(requests);
}

/** The entries of a plain object, those that are `undefined` left out. */
export function readRecord(where: string, given: unknown): readonly (readonly [string, unknown])[] {
  if (given === undefined) return [];
  return readable(where, () => {
    if (!isPlainObject(given)) throw new OptionError(`${where} must be a plain object, got ${printValue(given)}.`);
    return Object.entries(given).filter(([, value]) => value !== undefined);
  });
}

export const mostAxes = 32;

/** A size, or what is made of names by +, - and *, as in `N` and `2*N`. */
function isDim(value: unknown): value is Dim {
  if (typeof value !== "string") return isSize(value);
  if (/\w\s+\w/.test(value)) return false;
  try {
    const symbols = symbolsOf(value);
    return symbols.length > 0 && symbols.every((symbol) => !(symbol in Object.prototype));
  } catch {
    return false;
  }
}

/** The axes of a tensor of a loss in a model. */
export const dimsRule: Rule = listRule(
  `at most ${mostAxes} axes that are sizes >= 0 or names`,
  { domain: "a size or a name", accepts: isDim },
  mostAxes,
);

/** The axes of a tensor of any model: names may be any text. */
export const modelDimsRule: Rule = listRule(
  dimsRule.domain,
  { domain: "a size or a name", accepts: (dim) => isSize(dim) || isText(dim) },
  mostAxes,
);

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** `N+N` is `2*N`: equal sizes are equal texts. */
function inOneSpelling(dim: Dim): Dim {
  return substituteDim(dim, (symbol) => symbol);
}

function readDims(where: string, given: unknown): Shape {
  // Copied: what is looked at twice may have changed.
  const dims: unknown = readable(where, () => (Array.isArray(given) ? given.slice(0, mostAxes + 1) : given));
  if (dimsRule.accepts(dims)) return (dims as Shape).map(inOneSpelling);
  const wrong: unknown[] = Array.isArray(dims) ? Array.from(dims).filter((dim) => !isDim(dim)) : [];
  const got = wrong.length === 0 ? printValue(dims) : `${printValue(wrong[0])} in it`;
  throw new ShapeError(`${where} must have ${dimsRule.domain}, got ${got}.`);
}
