import { isListOf, isObject, printValue, readable, type Rule, type Rules } from "../arguments.js";
import { OptionError } from "../errors.js";
import { symbolsOf } from "../tensor/dimArithmetic.js";
import { isSize } from "../tensor/dims.js";
import type { FormCondition, IndexBounds, InputDeclaration, InputForm, InputKind } from "./inputs.js";
import type { InputTag } from "./inputTypes.js";
import { isName } from "./names.js";
import { readPattern } from "./shapePattern.js";

const boundDomain = 'a size, the letter of an axis, { option: "…" } or { input: "…" }';

function isDim(value: unknown): boolean {
  if (typeof value !== "string") return isSize(value);
  try {
    return symbolsOf(value).every(isName);
  } catch {
    return false;
  }
}

function isBound(value: unknown): boolean {
  if (isDim(value)) return true;
  if (!isObject(value)) return false;
  if (typeof value["computed"] === "string") return typeof value["of"] === "function";
  return [value["option"], value["input"]].filter(isName).length === 1;
}

export const boundRules: Rules<IndexBounds> = {
  from: { domain: "an integer", accepts: Number.isSafeInteger },
  below: { domain: boundDomain, accepts: isBound },
  atMost: { domain: boundDomain, accepts: isBound },
  sum: { domain: "the letter of an axis", accepts: isDim },
  except: {
    domain: "a number or the name of an option",
    accepts: (value) => isName(value) || Number.isSafeInteger(value),
  },
};

/** A copy of a list of numbers, each read once; `undefined` for what is none. */
export function readNumbers(value: unknown): readonly number[] | undefined {
  const own: number[] = [];
  const isNumber = (item: unknown): boolean => Number.isFinite(item) && own.push(item as number) > 0;
  return isListOf(value, isNumber) && own.length > 0 ? Object.freeze(own) : undefined;
}

/** The declaration, each part of it read once, if it is one. */
export function declared<K extends InputTag>(where: string, declaration: InputDeclaration<K>): InputDeclaration<K> {
  return readable(where, () => {
    const given: Readonly<Record<string, unknown>> = isObject(declaration) ? { ...declaration } : {};
    const { forms: givenForms, differentiable, doc, isParameter = false, isList = false } = given;
    if (!Array.isArray(givenForms) || givenForms.length === 0) {
      const wanted = "an input declared with float(), number(), labels(), mask(), either(), list() or parameter()";
      throw new OptionError(`${where} must be ${wanted}, got ${printValue(declaration)}.`);
    }
    if (typeof doc !== "string") {
      throw new OptionError(`${where} must have a doc that is a text, got ${printValue(doc)}.`);
    }
    if (typeof differentiable !== "boolean" || typeof isParameter !== "boolean" || typeof isList !== "boolean") {
      const flags = [differentiable, isParameter, isList].map(printValue).join(", ");
      throw new OptionError(`${where} must have flags that are true or false, got ${flags}.`);
    }
    const forms: InputForm[] = [];
    // A hole is refused like any other item.
    for (let i = 0; i < givenForms.length; i++) forms.push(readForm(where, givenForms[i]));
    return { forms, differentiable, doc, isParameter, isList };
  });
}

function readForm(where: string, form: unknown): InputForm {
  const { shape, holds, when } = isObject(form) ? form : {};
  const read = { ...readPattern(where, shape), holds: readKind(where, holds) };
  const condition = readCondition(where, when);
  return condition === undefined ? read : { ...read, when: condition };
}

/** What a form depends on, if on anything, each part read once; throws `OptionError`. */
export function readCondition(where: string, when: unknown): FormCondition | undefined {
  if (when === undefined) return undefined;
  const { option, is, input, given } = isObject(when) ? when : {};
  if (isName(option)) return { option, is };
  if (isName(input) && typeof given === "boolean") return { input, given };
  throw new OptionError(`${where} must depend on an option or an input, got ${printValue(when)}.`);
}

/** What an input holds, each part read once; throws `OptionError`. */
export function readKind(where: string, holds: unknown): InputKind {
  const { kind, from, below, atMost, sum, except, range, values } = isObject(holds) ? holds : {};
  switch (kind) {
    case "float":
    case "number": {
      const numbers = readNumbers(values);
      if (values !== undefined && (kind === "float" || numbers === undefined)) break;
      const only = numbers === undefined ? {} : { values: numbers };
      if (range === undefined) return { kind, ...only };
      const { from: least, to: most, nan } = isObject(range) ? range : {};
      if (typeof least !== "number" || typeof most !== "number" || typeof nan !== "boolean") break;
      return { kind, range: { from: least, to: most, nan }, ...only };
    }
    case "mask":
      return { kind };
    case "index": {
      const isOne = (value: unknown, { accepts }: Rule): boolean => value === undefined || accepts(value);
      if (
        Number.isSafeInteger(from) &&
        isOne(below, boundRules.below) &&
        isOne(atMost, boundRules.atMost) &&
        isOne(sum, boundRules.sum) &&
        isOne(except, boundRules.except)
      ) {
        const total = sum === undefined ? {} : { sum };
        return { kind, from, below, atMost, ...total, except } as InputKind;
      }
    }
  }
  throw new OptionError(`${where} must hold a float, a number, an index or a mask, got ${printValue(holds)}.`);
}
