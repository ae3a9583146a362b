import { OptionError } from "../errors.js";
import { isSize, type DimSizes } from "../tensor/dims.js";
import type { AnyDefinition, LossSpec } from "./define.js";
import { allInputs, definitionFor } from "./definition.js";
import { ignoredIndex } from "./ignoreIndex.js";
import {
  sampleInputNames,
  type Bound,
  type FormCondition,
  type InputDeclaration,
  type InputForm,
  type InputKind,
} from "./inputs.js";
import { inputOf } from "./lists.js";
import { joinedLetters, renamedShape, withLetters, withOwnLetters } from "./sharedLetters.js";

type Inputs = Readonly<Record<string, InputDeclaration>>;

/** One input as losses declare it. */
type Declarations = readonly (readonly [Sharer, InputDeclaration])[];

/** A loss among others, and the names that its inputs have there, where they are not its own. */
export interface Sharer {
  readonly spec: LossSpec;
  readonly names: Readonly<Record<string, string>>;
}

type Own = Required<Pick<AnyDefinition, "inputs" | "optionalInputs" | "checkSizes">>;

/** What several losses take together. */
export type SharedInputs = Own & Required<Pick<AnyDefinition, "forGiven">> & Pick<AnyDefinition, "inputSets">;

/**
 * The inputs of losses that share those of the same name. Each must be declared alike by all of them; the optional `sampleWeight` and
 * `mask` are left out where they are not. The letters of losses that share an input, directly or through others, are the same; an
 * optional one joins them where it is given. `where`: what they are in.
 */
export function sharedInputs(where: string, sharers: readonly Sharer[]): SharedInputs {
  return { ...sharedOf(where, sharers), forGiven: (given) => sharedOf(where, sharers, new Set(given.map(inputOf))) };
}

/** Where it isn't known what is given, everything is. */
function sharedOf(
  where: string,
  sharers: readonly Sharer[],
  given?: ReadonlySet<string>,
): Own & Pick<AnyDefinition, "inputSets"> {
  const found = new Map<string, Declarations>();
  for (const sharer of sharers) {
    const own = allInputs(definitionOf(sharer, given));
    checkRenamed(where, sharer, own);
    for (const [name, declaration] of Object.entries(own)) {
      const shared = nameOf(sharer, name);
      found.set(shared, [...(found.get(shared) ?? []), [sharer, withOwnOptions(declaration, sharer)]]);
    }
  }
  for (const name of sampleInputNames) if (!isForAll(found.get(name), sharers)) found.delete(name);
  const shareable = [...found].map(([name, declarations]) => {
    return { name, declarations: withoutPresence(declarations), isJoining: given?.has(name) ?? true };
  });
  const letters = joinedLetters(sharers, shareable);
  const declared = new Map(
    shareable.map(({ name, declarations, isJoining }) => {
      const all = declarations.map(([sharer, own]) => withLetters(own, letters.get(sharer)));
      // Of what is not given each loss has letters of its own.
      const alike = isJoining ? all : all.slice(0, 1);
      return [name, alike.reduce((known, declaration) => merge(where, name, known, declaration))] as const;
    }),
  );
  const required = new Set(
    sharers.flatMap((sharer) => Object.keys(sharer.spec.loss.definition.inputs).map((name) => nameOf(sharer, name))),
  );
  const alternatives = sharers.flatMap((sharer): readonly Sets[] => {
    const sets = sharer.spec.loss.definition.inputSets;
    return sets === undefined ? [] : [sets.map((set) => set.map((name) => nameOf(sharer, name)))];
  });
  const choices = alternatives.flat(2);
  const sets = satisfyingSets(where, alternatives, required);
  for (const name of choices) if (sets.every((set) => set.includes(name))) required.add(name);
  const inputSets = distinct(sets.map((set) => set.filter((name) => !required.has(name))));
  // An alternative that is never the right one is no input.
  const isTaken = (name: string): boolean => !choices.includes(name) || inputSets.flat().includes(name);
  const pick = (accepts: (name: string) => boolean): Inputs =>
    Object.fromEntries([...declared].filter(([name]) => accepts(name)));
  return {
    inputs: pick((name) => required.has(name)),
    optionalInputs: pick((name) => !required.has(name) && isTaken(name)),
    ...(inputSets.length > 1 ? { inputSets } : {}),
    checkSizes: (sizes: DimSizes) => {
      for (const sharer of sharers) {
        const own = definitionOf(sharer, given);
        own.checkSizes?.(withOwnLetters(sizes, letters.get(sharer)), sharer.spec.options as never);
      }
    },
  };
}

/** A loss that is given what it takes of the inputs of all. */
function definitionOf(sharer: Sharer, given: ReadonlySet<string> | undefined): AnyDefinition {
  const { definition } = sharer.spec.loss;
  if (given === undefined) return definition;
  return definitionFor(
    definition,
    Object.keys(allInputs(definition)).filter((name) => given.has(nameOf(sharer, name))),
  );
}

/** True where every loss takes an input, in one shape: what weighs samples weighs them in all, or is named for those that it is for. */
function isForAll(declarations: Declarations = [], sharers: readonly Sharer[]): boolean {
  const shapes = declarations.map(([, { forms }]) => JSON.stringify(forms.map(({ shape }) => shape)));
  return declarations.length === sharers.length && new Set(shapes).size === 1;
}

function nameOf({ names }: Sharer, name: string): string {
  return names[name] ?? name;
}

function checkRenamed(where: string, { spec, names }: Sharer, own: Inputs): void {
  for (const name of Object.keys(names)) {
    if (Object.hasOwn(own, name)) continue;
    throw new OptionError(
      `${where}: inputs must be renamed from those of ${spec.name} (${Object.keys(own).join(", ")}), got ${name}.`,
    );
  }
}

/** A declaration that no longer depends on options, which are the term's own. */
function withOwnOptions(declaration: InputDeclaration, sharer: Sharer): InputDeclaration {
  const { options } = sharer.spec;
  const bound = (given: Bound | undefined): Bound | undefined => {
    if (typeof given !== "object" || "computed" in given) return given;
    if ("input" in given) return { input: nameOf(sharer, given.input) };
    const value = options[given.option];
    return typeof value === "number" ? value : undefined;
  };
  const sizes = new Map(Object.entries(options).filter((option): option is [string, number] => isSize(option[1])));
  const forms = declaration.forms
    .filter(({ when }) => when === undefined || !("option" in when) || options[when.option] === when.is)
    .map(({ shape, holds, when }): InputForm => {
      const own = { ...renamedShape(shape, sizes), ...onPresence(when, sharer) };
      if (holds.kind !== "index") return { ...own, holds };
      const range = { below: bound(holds.below), atMost: bound(holds.atMost), except: ignoredIndex(holds, options) };
      return { ...own, holds: { ...holds, ...range } };
    });
  return { ...declaration, forms };
}

/** What a form depends on besides options, under the name that the input has in the sum. */
function onPresence(when: FormCondition | undefined, sharer: Sharer): Pick<InputForm, "when"> {
  if (when === undefined || "option" in when) return {};
  return { when: { input: nameOf(sharer, when.input), given: when.given } };
}

/** Where one loss takes one shape whatever is given, only the forms that go with an absent input can be shared. */
function withoutPresence(declarations: Declarations): Declarations {
  if (declarations.every(([, { forms }]) => forms.some(({ when }) => when !== undefined))) return declarations;
  return declarations.map(([sharer, declaration]) => {
    const forms = declaration.forms
      .filter(({ when }) => when === undefined || !("input" in when) || !when.given)
      .map(({ shape, pattern, holds }): InputForm => ({ shape, pattern, holds }));
    return [sharer, { ...declaration, forms }];
  });
}

function merge(where: string, name: string, a: InputDeclaration, b: InputDeclaration): InputDeclaration {
  const forms = a.forms.map((form, i) => {
    const other = b.forms[i];
    if (other === undefined || a.forms.length !== b.forms.length || a.isList !== b.isList || !isAlike(form, other)) {
      throw new OptionError(
        `${where}: ${name} must be declared alike in all terms, got two shapes or kinds. Rename it in one: inputs: { ${name}: "other" }.`,
      );
    }
    return { ...form, holds: shared(form.holds, other.holds) };
  });
  const differentiable = a.differentiable && b.differentiable;
  return { ...a, forms, differentiable, isParameter: a.isParameter && b.isParameter };
}

/** What satisfies both of two kinds that are alike: labels may hold the index that both ignore, numbers are what both take. */
function shared(a: InputKind, b: InputKind): InputKind {
  if (a.kind === "index" && b.kind === "index") return a.except === b.except ? a : { ...a, except: undefined };
  if (a.kind !== "number" || b.kind !== "number") return a;
  const values = [a.values, b.values].filter((own) => own !== undefined);
  const [first] = values;
  if (first !== undefined) return { ...a, values: first.filter((x) => values.every((own) => own.includes(x))) };
  return { ...b, ...a };
}

/** True for forms that differ at most in the index to ignore, or in what numbers are checked to be. */
function isAlike(a: InputForm, b: InputForm): boolean {
  const parts = ({ shape, holds, when }: InputForm): unknown => [shape, kindOf(holds), when];
  return JSON.stringify(parts(a)) === JSON.stringify(parts(b)) && canShare(a.holds, b.holds);
}

function kindOf(holds: InputKind): unknown {
  return holds.kind === "number" ? holds.kind : { ...holds, except: undefined };
}

/** False where two terms want other numbers under one name. */
function canShare(a: InputKind, b: InputKind): boolean {
  if (a.kind !== "number" || b.kind !== "number") return true;
  const both = shared(a, b);
  const ranges = [a.range, b.range].filter((range) => range !== undefined);
  const isOneRange = ranges.length < 2 || JSON.stringify(ranges[0]) === JSON.stringify(ranges[1]);
  const isMixed = ranges.length > 0 && (a.values ?? b.values) !== undefined;
  return isOneRange && !isMixed && (both.kind !== "number" || both.values?.length !== 0);
}

type Sets = readonly (readonly string[])[];

/** Of the sets that satisfy some of the losses, joined in every way, those that satisfy all of them. */
function satisfyingSets(where: string, choices: readonly Sets[], required: ReadonlySet<string>): Sets {
  const joined = choices
    .reduce<Sets>((all, sets) => all.flatMap((start) => sets.map((set) => [...new Set([...start, ...set])])), [[]])
    .filter((set) => choices.every((sets) => isSatisfied(new Set([...set, ...required]), sets)));
  if (joined.length === 0) {
    const wanted = choices.map((sets) => sets.map((set) => set.join(" and ")).join(", or ")).join("; ");
    throw new OptionError(`${where}: terms must be satisfied by one choice of inputs, got terms that take ${wanted}.`);
  }
  return joined;
}

function isSatisfied(given: ReadonlySet<string>, sets: Sets): boolean {
  const own = new Set(sets.flat().filter((name) => given.has(name)));
  return sets.some((set) => set.length === own.size && set.every((name) => own.has(name)));
}

function distinct(sets: Sets): Sets {
  return [...new Map(sets.map((set) => [[...set].sort().join(), set])).values()];
}
