import { isObject, isPlainObject, printValue, readable, readParts, type Rules } from "../arguments.js";
import { OptionError } from "../errors.js";
import type { DimSizes } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkSpec } from "./checkSpec.js";
import type { AnyDefinition, AnyLoss, LossSpec } from "./define.js";
import { evaluateSpec } from "./evaluate.js";
import { isName } from "./inputs.js";
import type { InputName, LossInputs } from "./inputTypes.js";
import { elementName, inputOf } from "./lists.js";
import { oneOf } from "./options.js";
import { sharedInputs } from "./sharedInputs.js";

/** One loss of a weighted sum. */
export interface WeightedTerm<I extends LossInputs = LossInputs> {
  readonly loss: LossSpec<I>;
  /** Any finite number. */
  readonly weight: number;
  /** The name under which the term's value can be read; default: the name of the loss, with a number where it is taken. */
  readonly name?: string;
  /** Its inputs under other names: with `{ target: "teacher" }` the sum's input `teacher` is the target of this loss. */
  readonly inputs?: { readonly [K in InputName<I>]?: string };
}

/** The serialised form of a term: a loss, and what the sum makes of it. */
export interface WeightedTermJSON {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly weight: number;
  /** The name of the part, where it is not that of the loss. */
  readonly part?: string;
  readonly inputs?: Readonly<Record<string, string>>;
}

type Renamed<I, M> = { readonly [K in keyof I as K extends keyof M ? Extract<M[K], string> : K]: I[K] };
type TermInputs<T> = T extends { readonly loss: LossSpec<infer I>; readonly inputs: infer M }
  ? Renamed<I, M>
  : T extends { readonly loss: LossSpec<infer I> }
    ? I
    : never;
type Together<U> = (U extends unknown ? (inputs: U) => void : never) extends (inputs: infer I) => void ? I : never;

/** The inputs of several terms: those of the same name are one. */
export type SumInputs<T extends readonly unknown[]> = Extract<Together<TermInputs<T[number]>>, LossInputs>;

/**
 * A weighted sum of losses is a loss: `Σ weight · loss`, each term reduced by its own reduction first.
 *
 * Its inputs are those of the terms; terms that name the same input share it, and the same letter in their shapes has
 * the same size. Each term keeps its own options: labels may hold the index that every term ignores, and of alternative inputs
 * those that satisfy every term are taken. It compiles to one graph: what the terms have in common is computed once. The value
 * of each term, without its weight, is a part of the result that can be read by the term's name.
 *
 * @throws OptionError on no terms, a weight that is not finite, two terms of one name, terms that declare one input differently, or
 * terms that no choice of inputs satisfies.
 * @example
 * ```ts
 * const distillation = weightedSum([
 *   { name: "labels", loss: crossEntropy(), weight: 0.5 },
 *   { name: "teacher", loss: klDiv({ logTarget: true }), weight: 0.5, inputs: { input: "student", target: "teacher" } },
 * ]);
 * ```
 */
export function weightedSum<const T extends readonly WeightedTerm[]>(terms: T): LossSpec<SumInputs<T>> {
  const list = readable("weightedSum", () => readTerms(terms));
  const options = Object.freeze({ terms: list, reduction: "none" });
  const definition: AnyDefinition = {
    name: "weightedSum",
    summary: "A weighted sum of losses.",
    formula: list.map(({ loss, weight }) => `${weight} * ${loss.name}`).join(" + "),
    ...sharedInputs(list.map(({ loss, inputs }) => ({ spec: loss, names: inputs }))),
    options: { reduction: oneOf(["none"], "none", "Each term is reduced by its own reduction.") },
    checkSizes: (sizes: DimSizes) => {
      for (const { loss } of list) loss.loss.definition.checkSizes?.(sizes, loss.options as never);
    },
    value: (inputs: Readonly<Record<string, Tensor | readonly Tensor[]>>) => {
      const terms = list.map((term) => ({
        ...term,
        own: evaluateSpec(term.loss, ownInputs(term.loss, term.inputs, inputs)),
      }));
      return {
        parts: Object.fromEntries(terms.map(({ name, weight, own }) => [name, { part: own.value, weight }])),
        divisors: terms.flatMap(({ own }) => own.divisors),
      };
    },
  };
  const spec = (): LossSpec =>
    Object.freeze({
      name: definition.name,
      options,
      loss,
      toJSON: () => ({ name: definition.name, options: { terms: list.map(termToJSON) } }),
    });
  const loss: AnyLoss = Object.assign(spec, { lossName: definition.name, definition });
  return spec() as LossSpec<SumInputs<T>>;
}

interface Term {
  readonly loss: LossSpec;
  readonly weight: number;
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
}

const termRules: Rules<WeightedTerm> = {
  loss: { domain: "a loss spec, crossEntropy()", accepts: (value) => isObject(value) || typeof value === "function" },
  weight: { domain: "a finite number", accepts: Number.isFinite },
  name: { domain: "letters and digits", accepts: isName },
  inputs: {
    domain: "names by the names of the loss's inputs",
    accepts: (value) => isPlainObject(value) && Object.values(value).every(isName),
  },
};

function readTerms(terms: unknown): readonly Term[] {
  if (!Array.isArray(terms) || terms.length === 0) {
    throw new OptionError(`weightedSum: terms must be a list of losses with weights, got ${printValue(terms)}.`);
  }
  const taken = new Set<string>();
  return Array.from(terms, (given: unknown): Term => {
    const term = readParts("weightedSum", given as WeightedTerm, termRules, ["loss", "weight"]);
    const { loss, weight, inputs = {} } = term;
    checkSpec("weightedSum", loss);
    const name = term.name ?? freeName(loss.name, taken);
    if (taken.has(name)) throw new OptionError(`weightedSum: terms must have different names, got ${name} twice.`);
    taken.add(name);
    return { loss, weight, name, inputs: { ...inputs } as Record<string, string> };
  });
}

/** `crossEntropy`, then `crossEntropy2` … */
function freeName(loss: string, taken: ReadonlySet<string>): string {
  let name = loss;
  for (let i = 2; taken.has(name); i++) name = `${loss}${i}`;
  return name;
}

/** The inputs of a term by its own names. */
function ownInputs(
  { loss: { definition } }: LossSpec,
  names: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, Tensor | readonly Tensor[]>>,
): Readonly<Record<string, Tensor>> {
  const own: Record<string, Tensor> = {};
  for (const name of Object.keys({ ...definition.inputs, ...definition.optionalInputs })) {
    const given = inputs[names[name] ?? inputOf(name)];
    if (given === undefined) continue;
    if ("shape" in given) own[name] = given;
    else given.forEach((tensor, i) => (own[elementName(name, i)] = tensor));
  }
  return own;
}

function termToJSON({ loss, weight, name, inputs }: Term): WeightedTermJSON {
  return {
    ...loss.toJSON(),
    weight,
    ...(name === loss.name ? {} : { part: name }),
    ...(Object.keys(inputs).length === 0 ? {} : { inputs }),
  };
}
