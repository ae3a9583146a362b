import {
  dimsRule,
  isPlainObject,
  isSize,
  listRule,
  mostAxes,
  readOptions,
  recordRule,
  symbolicRules,
  type Rule,
  type Rules,
} from "@losses/core";
import type { LossDescription } from "@losses/core/docs";
import { providers } from "./emit/providers.js";
import { passNames } from "./emit/passes/names.js";
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

export const graphRules: Rules<LossGraphOptions> = { ...symbolicRules, value: flagRule, parts: flagRule };

/** The axes of a tensor of any model: names may be any text. */
export const modelDimsRule: Rule = listRule(
  dimsRule.domain,
  { domain: "a size or a name", accepts: (dim) => isSize(dim) || isText(dim) },
  mostAxes,
);

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
