import {
  isListOf,
  isObject,
  isPlainObject,
  isTexts,
  printValue,
  readable,
  readParts,
  type Rule,
  type Rules,
} from "../arguments.js";
import { OptionError } from "../errors.js";
import type { AnyDefinition } from "./define.js";
import { symbolsOf } from "../tensor/dimArithmetic.js";
import type { Bound, InputDeclaration } from "./inputs.js";
import { isName } from "./names.js";
import { declared } from "./readInput.js";
import { lettersOf } from "./shapePattern.js";
import { declaredOption, emptyPolicies } from "./options.js";

export const families = [
  "ranking",
  "contrastive",
  "matching",
  "classification",
  "distribution",
  "adversarial",
  "regression",
  "metric",
  "selfSupervised",
  "segmentation",
  "imageQuality",
  "listwise",
  "sequence",
  "distillation",
  "preference",
  "custom",
] as const;

const text: Rule = { domain: "a text", accepts: (value) => typeof value === "string" };
const texts: Rule = { domain: "a list of texts", accepts: isTexts };
const inputs: Rule = { domain: "a plain object of declared inputs", accepts: isPlainObject };

const rules: Rules<AnyDefinition> = {
  name: {
    domain: "letters and digits in camelCase",
    accepts: (value) => isName(value) && !value.includes("_"),
  },
  family: { domain: families.join(", "), accepts: (value) => families.some((family) => family === value) },
  summary: text,
  formula: text,
  pytorch: text,
  notes: texts,
  references: texts,
  aliases: texts,
  inputs,
  optionalInputs: inputs,
  inputSets: {
    domain: "lists of names of optional inputs",
    accepts: (value) => isListOf(value, isTexts),
  },
  empty: { domain: '"nan", "zero" or "error"', accepts: (value) => emptyPolicies.some((policy) => policy === value) },
  options: { domain: "a plain object of declared options", accepts: isPlainObject },
  check: { domain: "a function", accepts: isFunction },
  checkSizes: { domain: "a function", accepts: isFunction },
  forGiven: { domain: "a function", accepts: isFunction },
  value: { domain: "a function", accepts: isFunction },
};

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

/** What was read of definitions that have been looked at. */
const known = new WeakMap<object, AnyDefinition>();

/** A definition as it was given, if it is one: each part is read once, and stays what it was. Throws `OptionError`. */
export function readDefinition(where: string, given: unknown): AnyDefinition {
  const seen = isObject(given) ? known.get(given) : undefined;
  if (seen !== undefined) return seen;
  const required = ["name", "inputs", "options", "value"] as const;
  const parts = readParts(where, given as AnyDefinition, rules, required);
  const definition = readable(where, () => {
    const { optionalInputs, options } = parts;
    const own: AnyDefinition = {
      ...parts,
      inputs: readInputs(where, parts.inputs),
      ...(optionalInputs === undefined ? {} : { optionalInputs: readInputs(where, optionalInputs) }),
      options: Object.fromEntries(
        Object.entries(options).map(([name, declaration]) => {
          checkName(where, "options", name);
          return [name, declaredOption(`${where}: option ${name}`, declaration)];
        }),
      ),
    };
    checkInputs(where, own);
    return own;
  });
  known.set(definition, definition).set(given as object, definition);
  return definition;
}

/** A definition that was read, with options besides its own: nothing of it is read again. */
export function withOptions(definition: AnyDefinition, options: AnyDefinition["options"]): AnyDefinition {
  const own: AnyDefinition = { ...definition, options: { ...definition.options, ...options } };
  known.set(own, own);
  return own;
}

const resolved = new WeakMap<AnyDefinition, Map<string, AnyDefinition>>();

/** The definition as it is where these inputs are given: letters of losses in a sum are one where an optional input joins them. */
export function definitionFor(definition: AnyDefinition, given: readonly string[]): AnyDefinition {
  const own = readDefinition("definitionFor", definition);
  const names = readable("definitionFor", () => {
    if (isTexts(given)) return [...given].sort();
    throw new OptionError(`definitionFor: the given inputs must be a list of names, got ${printValue(given)}.`);
  });
  if (own.forGiven === undefined) return own;
  const known = resolved.get(own) ?? new Map<string, AnyDefinition>();
  resolved.set(own, known);
  const key = names.join();
  const found = known.get(key) ?? readDefinition("definitionFor", { ...own, ...own.forGiven(names) });
  known.set(key, found);
  return found;
}

function readInputs(
  where: string,
  given: Readonly<Record<string, InputDeclaration>>,
): Readonly<Record<string, InputDeclaration>> {
  return Object.fromEntries(
    Object.entries(given).map(([name, declaration]) => {
      checkName(where, "inputs", name);
      return [name, declared(`${where}: input ${name}`, declaration)];
    }),
  );
}

/** Every declared input of a loss, required first. */
export function allInputs(definition: AnyDefinition): Readonly<Record<string, InputDeclaration>> {
  const { inputs: required, optionalInputs } = readDefinition("allInputs", definition);
  return { ...required, ...optionalInputs };
}

function checkInputs(where: string, { inputs: required, optionalInputs = {}, inputSets = [] }: AnyDefinition): void {
  for (const name of Object.keys(optionalInputs)) {
    if (Object.hasOwn(required, name)) {
      throw new OptionError(`${where}: an input must be required or optional, got ${name} as both.`);
    }
  }
  for (const name of inputSets.flat()) {
    if (Object.hasOwn(optionalInputs, name) || Object.hasOwn(required, name)) continue;
    throw new OptionError(`${where}: inputSets must name inputs, got ${printValue(name)}.`);
  }
}

/** Class indices are below the size of an axis of the loss, or equal to one of its options. */
export function checkLetters(where: string, definition: AnyDefinition): void {
  const inputs = allInputs(definition);
  const forms = Object.entries(inputs).flatMap(([name, input]) => input.forms.map((form) => ({ name, form })));
  const letters = new Set(forms.flatMap(({ form }) => lettersOf(form.pattern)));
  const isOption = (name: string): boolean => Object.hasOwn(definition.options, name);
  const isThere = (bound: Bound | undefined): boolean => {
    if (bound === undefined || typeof bound === "number") return true;
    if (typeof bound === "string") return symbolsOf(bound).every((letter) => letters.has(letter));
    if ("computed" in bound) return true;
    return "option" in bound ? isOption(bound.option) : Object.hasOwn(inputs, bound.input);
  };
  for (const { name, form } of forms) {
    const { below, atMost, sum, except } = form.holds.kind === "index" ? form.holds : {};
    const missing = [below, atMost, sum].find((bound) => !isThere(bound));
    if (missing !== undefined) {
      const wanted = "the letter of an axis, an option or an input of the loss";
      throw new OptionError(`${where}: input ${name} must be below ${wanted}, got ${printValue(missing)}.`);
    }
    if (typeof except === "string" && !isOption(except)) {
      throw new OptionError(`${where}: input ${name} must except the value of an option, got ${except}.`);
    }
    if (form.when === undefined) continue;
    if ("option" in form.when && !isOption(form.when.option)) {
      throw new OptionError(`${where}: input ${name} must depend on an option, got ${form.when.option}.`);
    }
    if ("input" in form.when && !Object.hasOwn(inputs, form.when.input)) {
      throw new OptionError(`${where}: input ${name} must depend on an input, got ${form.when.input}.`);
    }
  }
}

function checkName(where: string, what: string, name: string): void {
  if (isName(name)) return;
  throw new OptionError(`${where}: ${what} must have names of letters, digits and _, got ${printValue(name)}.`);
}
