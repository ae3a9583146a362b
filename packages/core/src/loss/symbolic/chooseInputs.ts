import { DTypeError, InputError, ShapeError } from "../../errors.js";
import { exactQuotient, substituteDim, subtractDims, symbolsOf, termsOf } from "../../tensor/dimArithmetic.js";
import { formatShape, type Dim, type Shape } from "../../tensor/dims.js";
import { isFloat, type FloatDType, type InputDType } from "../../tensor/dtype.js";
import { elementDeclaration } from "../bind.js";
import type { LossSpec } from "../define.js";
import { allInputs, definitionFor } from "../definition.js";
import { isFormTaken, type InputDeclaration, type InputForm, type InputKind } from "../inputs.js";
import { elementName, inputOf, listsOf } from "../lists.js";
import { accepts } from "../matcher.js";
import { formatTokens, type AxisPattern, type ShapePattern } from "../shapePattern.js";
import type { InputRequest } from "./requests.js";

/** An input with everything decided. */
export interface ChosenInput {
  readonly shape: Shape;
  readonly dtype: InputDType;
}

/** Decides shape and dtype of each input that the model shall have, consistently for all of them. */
export function chooseInputs(
  spec: LossSpec,
  dtype: FloatDType,
  requests: Readonly<Record<string, InputRequest>>,
): Readonly<Record<string, ChosenInput>> {
  const declared = chosenDeclarations(spec, requests);
  const forms = Object.entries(declared).map(([name, declaration]): [string, InputForm] => [
    name,
    chooseForm(spec, name, declaration, requests[name], new Set(Object.keys(declared).map(inputOf))),
  ]);
  const book = new DimBook(spec.options["reduction"] === "none", spec.options);
  for (const [name, form] of forms) {
    const shape = requests[name]?.shape;
    if (shape !== undefined) book.learn(`${spec.name}: ${name}`, form, shape);
  }
  return Object.fromEntries(
    forms.map(([name, { holds, pattern }]): [string, ChosenInput] => {
      const type = requests[name]?.dtype ?? defaultType(holds, dtype);
      if (isFloat(type) && type !== dtype) {
        throw new DTypeError(`${spec.name}: ${name} must be ${dtype} as the model computes, got ${type}.`);
      }
      return [name, { shape: requests[name]?.shape ?? book.shape(pattern), dtype: type }];
    }),
  );
}

function defaultType(holds: InputKind, dtype: FloatDType): InputDType {
  switch (holds.kind) {
    case "index":
      return "int32";
    case "mask":
      return "bool";
    case "float":
    case "number":
      return dtype;
  }
}

/**
 * Required inputs, the optional ones that are asked for, and of alternatives the first unless another is asked for. Of a list the
 * elements that are asked for, or one.
 */
function chosenDeclarations(
  { name: loss, loss: { definition } }: LossSpec,
  requests: Readonly<Record<string, InputRequest>>,
): Readonly<Record<string, InputDeclaration>> {
  const all = allInputs(definition);
  const lists = listsOf(definition);
  const asked = new Set<string>();
  for (const name of Object.keys(requests)) {
    const input = inputOf(name);
    if (!Object.hasOwn(all, input) || lists.has(input) !== (input !== name)) {
      const known = Object.keys(all).map((own) => (lists.has(own) ? elementName(own, 0) : own));
      throw new InputError(
        `${loss}: inputs must be among ${known.join(", ")}, got the unknown input ${name}.`,
        "UNKNOWN_INPUT",
      );
    }
    asked.add(input);
  }
  const sets = definition.inputSets ?? [];
  const alternatives = sets.flat().filter((name) => asked.has(name));
  const set = alternatives.length > 0 ? alternatives : (sets[0] ?? []);
  const isTaken = (name: string): boolean => name in definition.inputs || asked.has(name) || set.includes(name);
  const taken = Object.keys(all).filter(isTaken);
  const own = definitionFor(definition, taken);
  return Object.fromEntries(
    Object.entries(allInputs(own))
      .filter(([name]) => isTaken(name))
      .flatMap(([name, declaration]): (readonly [string, InputDeclaration])[] => {
        if (!lists.has(name)) return [[name, declaration]];
        const elements = Object.keys(requests).filter((request) => inputOf(request) === name);
        const wanted = elements.map((_, i) => elementName(name, i));
        const hole = wanted.find((element) => !elements.includes(element));
        if (hole !== undefined) {
          throw new InputError(`${loss}: ${name} must be a list without holes, got no ${hole}.`, "MISSING_INPUT");
        }
        return Array.from({ length: Math.max(1, elements.length) }, (_, i) => [
          elementName(name, i),
          elementDeclaration(own, name, declaration, i),
        ]);
      }),
  );
}

/** Whether a model can take a dtype for what an input holds: a mask of numbers is none there. */
function takes(holds: InputKind, dtype: InputDType): boolean {
  return holds.kind === "mask" ? dtype === "bool" : accepts(holds, dtype);
}

function chooseForm(
  { name: loss, options }: LossSpec,
  name: string,
  { forms }: InputDeclaration,
  request: InputRequest | undefined,
  given: ReadonlySet<string>,
): InputForm {
  const dtype = request?.dtype;
  const own = forms.filter((form) =>
    isFormTaken(
      form,
      (option) => options[option],
      (input) => given.has(input),
    ),
  );
  const fits = own.filter(({ holds }) => dtype === undefined || takes(holds, dtype));
  const rank = request?.shape?.length;
  const [form] = fits.filter(({ pattern }) => rank === undefined || layout(pattern, rank) !== undefined).concat(fits);
  if (form === undefined)
    throw new DTypeError(`${loss}: ${name} must be declared with ${String(dtype)}, got no such form.`);
  return form;
}

interface Layout {
  /** Whether the optional axes are there. */
  readonly optional: boolean;
  /** How many axes the run stands for. */
  readonly run: number;
}

function isRun({ type }: AxisPattern): boolean {
  return type === "rest" || type === "broadcast";
}

/** How the parts of a pattern spread over `rank` axes; `undefined` if they cannot. */
function layout(pattern: ShapePattern, rank: number): Layout | undefined {
  const optional = pattern.filter(({ type }) => type === "optional").length;
  const rest = rank - pattern.filter(({ type }) => type === "axis").length;
  const hasRun = pattern.some(isRun);
  if (rest >= optional && (hasRun || rest === optional)) return { optional: true, run: rest - optional };
  return rest >= 0 && (hasRun || rest === 0) ? { optional: false, run: rest } : undefined;
}

/** The axes that were given to one of several inputs that broadcast. */
interface Member {
  readonly dims: Shape;
  readonly optionalLast: boolean;
}

/** What the letters of a declaration stand for, learnt from the shapes that were given. */
class DimBook {
  readonly #alike: boolean;
  readonly #dims = new Map<string, Dim>();
  readonly #absent = new Set<string>();
  readonly #runs = new Map<string, number>();
  readonly #broadcast = new Map<string, Member[]>();

  /** `alike`: runs that may differ between inputs shall be the same. Options that are numbers are sizes that shapes may name. */
  constructor(alike: boolean, options: Readonly<Record<string, unknown>>) {
    this.#alike = alike;
    for (const [name, value] of Object.entries(options)) if (typeof value === "number") this.#dims.set(name, value);
  }

  learn(what: string, { shape: tokens, pattern }: InputForm, shape: Shape): void {
    const found = layout(pattern, shape.length);
    if (found === undefined) {
      throw new ShapeError(`${what} must have the axes ${formatTokens(tokens)}, got ${formatShape(shape)}.`);
    }
    const rest = shape.values();
    const next = (): Dim => rest.next().value ?? 1;
    for (const axis of pattern) {
      switch (axis.type) {
        case "axis":
          this.#learnAxis(what, axis.dim, next());
          break;
        case "optional":
          if (found.optional) this.#note(axis.name, next());
          else this.#absent.add(axis.name);
          break;
        case "rest":
          this.#runs.set(axis.name, found.run);
          for (let i = 1; i <= found.run; i++) this.#note(`${axis.name}${i}`, next());
          break;
        case "broadcast": {
          const dims = Array.from({ length: found.run }, next);
          this.#broadcast.set(axis.name, [...(this.#broadcast.get(axis.name) ?? []), { ...axis, dims }]);
        }
      }
    }
  }

  shape(pattern: ShapePattern): Shape {
    return pattern.flatMap((axis): readonly Dim[] => {
      switch (axis.type) {
        case "axis":
          return [this.#own(axis.dim)];
        case "optional":
          return this.#absent.has(axis.name) ? [] : [this.#own(axis.name)];
        case "rest":
          return this.#run((this.#alike ? axis.like : undefined) ?? axis.name, pattern.length === 1);
        case "broadcast":
          return this.#broadcastRun(axis.name);
      }
    });
  }

  /** Axes over which all that is given can stretch: they end together, but for those that lack the last one. */
  #broadcastRun(name: string): Shape {
    const members = this.#broadcast.get(name) ?? [];
    const rank = members.length === 0 ? 1 : Math.max(...members.map(({ dims }) => dims.length));
    return Array.from({ length: rank }, (_, i) => {
      const given = members.flatMap(({ dims, optionalLast }) => {
        const lead = optionalLast && dims.length === rank - 1 ? 0 : rank - dims.length;
        return dims[i - lead] ?? [];
      });
      return given.find((dim) => dim !== 1) ?? given[0] ?? `${name}${i + 1}`;
    });
  }

  /** `isAlone`: a run of which nothing is known is one axis; beside named axes it is none. */
  #run(name: string, isAlone: boolean): Shape {
    const length = this.#runs.get(name) ?? (isAlone ? 1 : 0);
    return Array.from({ length }, (_, i) => this.#own(`${name}${i + 1}`));
  }

  #own(dim: Dim): Dim {
    return substituteDim(dim, (letter) => this.#dims.get(letter) ?? letter);
  }

  /** The letter of an axis, or the one that is new in what its size is computed from: where `a·letter + b` is given. */
  #learnAxis(what: string, dim: Dim, given: Dim): void {
    const letters = symbolsOf(dim);
    if (letters[0] === dim) {
      this.#note(letters[0], given);
      return;
    }
    const [letter, ...others] = letters.filter((own) => !this.#dims.has(own));
    if (letter === undefined || others.length > 0) return;
    const known = (own: string): Dim => this.#dims.get(own) ?? own;
    const counted = substituteDim(dim, (own) => (typeof known(own) === "number" ? known(own) : own));
    const term = termsOf(counted).find(({ factors }) => factors.includes(letter));
    const rest = this.#own(substituteDim(dim, (own) => (own === letter ? 0 : own)));
    const found = term?.factors.length === 1 ? exactQuotient(subtractDims(given, rest), term.coefficient) : undefined;
    if (found === undefined) {
      throw new ShapeError(
        `${what} must have an axis ${counted}, got ${given}. Write it like that, with a name for ${letter}.`,
      );
    }
    this.#note(letter, found);
  }

  #note(letter: string, dim: Dim): void {
    // A literal 1 says nothing about the others: they may broadcast over it.
    if (dim !== 1 || !this.#dims.has(letter)) this.#dims.set(letter, dim);
  }
}
