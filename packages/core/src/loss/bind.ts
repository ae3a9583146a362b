import { cut, isObject, isPlainObject, printValue, readable } from "../arguments.js";
import { DTypeError, InputError } from "../errors.js";
import { isSize, readShape, type Dim, type DimSizes, type Shape } from "../tensor/dims.js";
import { inputDTypes, isInputDType, type InputDType } from "../tensor/dtype.js";
import type { AnyDefinition } from "./define.js";
import { allInputs, definitionFor, readDefinition } from "./definition.js";
import { isFormTaken, type InputDeclaration, type InputForm, type InputKind } from "./inputs.js";
import { declared } from "./readInput.js";
import { elementName, inputOf, listsOf } from "./lists.js";
import { Matcher, type Matched } from "./matcher.js";
import { lettersOf, renamed, substituted } from "./shapePattern.js";

/** What is known of a given tensor before its data are read. Plain numbers have no dtype of their own. */
export interface GivenInput {
  readonly shape: readonly number[];
  readonly dtype: InputDType | "untyped";
}

/** An input as the graph sees it: symbolic shape, and what it holds. */
export interface BoundInput {
  readonly name: string;
  readonly shape: Shape;
  readonly holds: InputKind;
  /** Came as integers although the loss computes with it as floats. */
  readonly integral: boolean;
  readonly differentiable: boolean;
}

/** Given tensors matched to a loss's declaration. Bindings with the same `key` share one graph. */
export interface Binding {
  readonly inputs: readonly BoundInput[];
  readonly sizes: DimSizes;
  readonly key: string;
}

/**
 * Matches given shapes and dtypes to the declared inputs; throws `InputError`, `ShapeError` or `DTypeError`.
 *
 * @param given by input; an element of a list is named by its place, `fake.0`
 * @param options the options of the loss, on which some shapes depend; default: the declared defaults
 */
export function bindInputs(
  definition: AnyDefinition,
  given: Readonly<Record<string, GivenInput>>,
  options?: Readonly<Record<string, unknown>>,
): Binding {
  const loss = readDefinition("bindInputs", definition);
  const inputs = readable("bindInputs", () => readGiven(loss, given));
  checkPresence(loss, Object.keys(inputs));
  const known = definitionFor(loss, Object.keys(inputs));
  const matcher = new Matcher(known.name, classesHint(known, options));
  const matched = Object.entries(allInputs(known)).flatMap(([name, declaration]): readonly Matched[] => {
    const own = withSizes(takenForms(declaration, known, options, inputs), known, options);
    if (!declaration.isList) {
      const tensor = inputs[name];
      return tensor === undefined ? [] : [matcher.match(name, own, tensor)];
    }
    return elementsOf(known, name, inputs).map((tensor, i) =>
      matcher.match(elementName(name, i), elementDeclaration(known, name, own, i), tensor),
    );
  });
  const bound = matched.map((input) => input.finish());
  const sizes = matcher.sizes();
  known.checkSizes?.(sizes, resolved(known, options) as never);
  const key = JSON.stringify(bound.map(({ name, shape, holds, integral }) => [name, shape, holds.kind, integral]));
  return { inputs: bound, sizes, key };
}

/** The options that are given, and the declared defaults of the others. */
function resolved(
  { options: declarations }: AnyDefinition,
  options: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> {
  const defaults = Object.entries(declarations).map(([name, declaration]) => [name, declaration.default]);
  return { ...Object.fromEntries(defaults), ...options };
}

/** Logits [B, T, V] with labels [B, T] want the classes last. */
function classesHint({ options: declared }: AnyDefinition, options: Readonly<Record<string, unknown>> = {}): string {
  const axis = options["classAxis"] ?? declared["classAxis"]?.default;
  if (axis === undefined) return "";
  return axis === 1
    ? " The classes are axis 1; where they are the last axis, say so with classAxis: -1."
    : " The classes are the last axis; where they are axis 1, leave classAxis out.";
}

/** The forms that an input has with these options and inputs. */
function takenForms(
  declaration: InputDeclaration,
  { options: declarations }: AnyDefinition,
  options: Readonly<Record<string, unknown>> | undefined,
  given: Readonly<Record<string, GivenInput>>,
): InputDeclaration {
  if (declaration.forms.every(({ when }) => when === undefined)) return declaration;
  const valueOf = (name: string): unknown => (options ?? {})[name] ?? declarations[name]?.default;
  const isGiven = (name: string): boolean => Object.hasOwn(given, name) || Object.hasOwn(given, elementName(name, 0));
  return { ...declaration, forms: declaration.forms.filter((form) => isFormTaken(form, valueOf, isGiven)) };
}

/** The declaration whose shapes have the values of options for their names: of `"C*subCenters"`, `"3*C"`. */
function withSizes(
  declaration: InputDeclaration,
  { options: declarations }: AnyDefinition,
  options: Readonly<Record<string, unknown>> | undefined,
): InputDeclaration {
  const size = (letter: string): Dim => {
    const value = Object.hasOwn(declarations, letter)
      ? ((options ?? {})[letter] ?? declarations[letter]?.default)
      : letter;
    return typeof value === "number" && isSize(value) ? value : letter;
  };
  const isSized = ({ pattern }: InputForm): boolean => lettersOf(pattern).some((letter) => size(letter) !== letter);
  if (!declaration.forms.some(isSized)) return declaration;
  const forms = declaration.forms.map((form) => ({ ...form, pattern: substituted(form.pattern, size) }));
  return { ...declaration, forms };
}

/** The elements that were given of a list, in order. */
function elementsOf(
  { name: loss }: AnyDefinition,
  list: string,
  given: Readonly<Record<string, GivenInput>>,
): readonly GivenInput[] {
  const count = Object.keys(given).filter((name) => name !== list && inputOf(name) === list).length;
  return Array.from({ length: count }, (_, i) => {
    const element = given[elementName(list, i)];
    if (element === undefined) {
      throw new InputError(`${loss}: ${list} must be a list without holes, got none at ${i}.`, "MISSING_INPUT");
    }
    return element;
  });
}

/**
 * The declaration for one element of a list. Letters that inputs other than lists name are theirs; the others belong to this place,
 * of every list that names them: `fake.1` and `real.1` may share a shape that no other scale has.
 */
export function elementDeclaration(
  definition: AnyDefinition,
  list: string,
  declaration: InputDeclaration,
  index: number,
): InputDeclaration {
  const others = Object.entries(allInputs(definition)).filter(([, { isList }]) => !isList);
  const shared = new Set(others.flatMap(([, { forms }]) => forms.flatMap(({ pattern }) => lettersOf(pattern))));
  const rename = (letter: string): string => (shared.has(letter) ? letter : `${letter}_${index}_`);
  if (typeof list !== "string" || !isSize(index)) {
    const got = `${printValue(list)} and ${printValue(index)}`;
    throw new InputError(
      `elementDeclaration: an element must be given by its list and its place, got ${got}.`,
      "INVALID_INPUT",
    );
  }
  const own = declared("elementDeclaration", declaration);
  const forms = own.forms.map((form) => ({ ...form, pattern: renamed(form.pattern, rename) }));
  return { ...own, forms };
}

function readGiven(definition: AnyDefinition, given: unknown): Readonly<Record<string, GivenInput>> {
  const loss = definition.name;
  if (!isPlainObject(given)) {
    throw new InputError(`${loss}: inputs must be a plain object, got ${printValue(given)}.`, "INVALID_INPUT");
  }
  const inputs: Record<string, GivenInput> = {};
  for (const name of Object.keys(given)) {
    if (!isInput(definition, name)) throw unknownInput(definition, name);
    const input = given[name];
    if (input === undefined) continue;
    const { shape, dtype } = isObject(input) ? input : {};
    if (dtype !== "untyped" && !isInputDType(dtype)) {
      const wanted = `a shape and a dtype among ${inputDTypes.join(", ")}, untyped`;
      throw new DTypeError(`${loss}: ${name} must have ${wanted}, got ${printValue(isObject(input) ? dtype : input)}.`);
    }
    inputs[name] = { shape: readShape(`${loss}: ${name}`, shape, isCount), dtype };
  }
  return inputs;
}

// Larger ones than any tensor has may stand for sizes that are not known yet.
function isCount(size: unknown): size is number {
  return Number.isSafeInteger(size) && Number(size) >= 0;
}

/** True for the name of an input that a loss declares. */
export function isDeclared({ inputs, optionalInputs }: AnyDefinition, name: string): boolean {
  return Object.hasOwn(inputs, name) || (optionalInputs !== undefined && Object.hasOwn(optionalInputs, name));
}

/** True for the name of a tensor that a loss takes: an input, or an element of one that is a list. */
export function isInput(definition: AnyDefinition, name: string): boolean {
  const input = inputOf(name);
  return isDeclared(definition, input) && listsOf(definition).has(input) === (input !== name);
}

export function unknownInput(definition: AnyDefinition, name: string): InputError {
  const known = Object.keys(allInputs(definition)).join(", ");
  const isOption = Object.hasOwn(definition.options, name);
  const cure = isOption ? ` It is an option: ${definition.name}({ ${name} }).` : "";
  return new InputError(
    `${definition.name}: inputs must be among ${known}, got the unknown input ${cut(name)}.${cure}`,
    "UNKNOWN_INPUT",
  );
}

/** Refuses inputs of which some are missing, or of which no set is complete. */
export function checkPresence(definition: AnyDefinition, given: readonly string[]): void {
  const { name: loss, inputs, optionalInputs = {}, inputSets } = definition;
  const isGiven = (name: string): boolean => given.includes(name) || given.includes(elementName(name, 0));
  const missing = Object.keys(inputs).filter((name) => !isGiven(name));
  if (missing.length > 0) {
    const all = [...Object.keys(inputs), ...Object.keys(optionalInputs).map((name) => `${name} (optional)`)];
    throw new InputError(`${loss}: inputs must be ${all.join(", ")}, got no ${missing.join(", ")}.`, "MISSING_INPUT");
  }
  if (inputSets !== undefined) {
    const members = new Set(inputSets.flat());
    const present = [...members].filter(isGiven);
    const complete = inputSets.some((set) => set.length === present.length && set.every((n) => present.includes(n)));
    if (!complete) {
      const sets = inputSets.map((set) => set.join(" and ")).join(", or ");
      const code = present.length === 0 ? "MISSING_INPUT" : "INVALID_INPUT";
      throw new InputError(`${loss}: inputs must be ${sets}, got ${present.join(", ") || "none of them"}.`, code);
    }
  }
}
