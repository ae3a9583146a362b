import { OptionError } from "../errors.js";
import type { AnyDefinition, LossSpec } from "./define.js";
import { allInputs } from "./definition.js";
import { ignoredIndex } from "./ignoreIndex.js";
import type { InputDeclaration, InputForm } from "./inputs.js";

type Inputs = Readonly<Record<string, InputDeclaration>>;

/** What several losses take together. */
export type SharedInputs = Required<Pick<AnyDefinition, "inputs" | "optionalInputs">> &
  Pick<AnyDefinition, "inputSets">;

/** The inputs of losses that share those of the same name. Each must be declared alike by all of them. */
export function sharedInputs(specs: readonly LossSpec[]): SharedInputs {
  const declared = new Map<string, InputDeclaration>();
  for (const spec of specs) {
    for (const [name, declaration] of Object.entries(allInputs(spec.loss.definition))) {
      const own = withOwnIndex(declaration, spec);
      const known = declared.get(name);
      declared.set(name, known === undefined ? own : merge(name, known, own));
    }
  }
  const required = new Set(specs.flatMap(({ loss }) => Object.keys(loss.definition.inputs)));
  const choices = specs.flatMap(({ loss: { definition } }) => definition.inputSets ?? []).flat();
  const sets = satisfyingSets(specs, required);
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
  };
}

/** A declaration whose index to ignore is a number: options are the term's own. */
function withOwnIndex(declaration: InputDeclaration, { options }: LossSpec): InputDeclaration {
  const forms = declaration.forms.map(({ shape, holds }): InputForm => {
    return { shape, holds: holds.kind === "index" ? { ...holds, except: ignoredIndex(holds, options) } : holds };
  });
  return { ...declaration, forms };
}

function merge(name: string, a: InputDeclaration, b: InputDeclaration): InputDeclaration {
  const forms = a.forms.map((form, i) => {
    const other = b.forms[i];
    if (other === undefined || a.forms.length !== b.forms.length || !isAlike(form, other)) {
      throw new OptionError(`weightedSum: ${name} must be declared alike in all terms, got two shapes or kinds.`);
    }
    return form.holds.kind === "index" && other.holds.kind === "index" && form.holds.except !== other.holds.except
      ? { shape: form.shape, holds: { ...form.holds, except: undefined } }
      : form;
  });
  return { forms, differentiable: a.differentiable && b.differentiable, doc: a.doc };
}

/** True for forms that differ in the index to ignore at most. */
function isAlike(a: InputForm, b: InputForm): boolean {
  const parts = ({ shape, holds }: InputForm): unknown => [shape, { ...holds, except: undefined }];
  return JSON.stringify(parts(a)) === JSON.stringify(parts(b));
}

type Sets = readonly (readonly string[])[];

/** Of the sets that satisfy some of the losses, joined in every way, those that satisfy all of them. */
function satisfyingSets(specs: readonly LossSpec[], required: ReadonlySet<string>): Sets {
  const choices = specs.flatMap(({ loss: { definition } }) => (definition.inputSets ? [definition.inputSets] : []));
  const joined = choices
    .reduce<Sets>((all, sets) => all.flatMap((start) => sets.map((set) => [...new Set([...start, ...set])])), [[]])
    .filter((set) => choices.every((sets) => isSatisfied(new Set([...set, ...required]), sets)));
  if (joined.length === 0) {
    const wanted = choices.map((sets) => sets.map((set) => set.join(" and ")).join(", or ")).join("; ");
    throw new OptionError(
      `weightedSum: terms must be satisfied by one choice of inputs, got terms that take ${wanted}.`,
    );
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
