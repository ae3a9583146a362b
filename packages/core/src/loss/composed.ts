import { isObject, isPlainObject, printValue, readable, type Rules } from "../arguments.js";
import { OptionError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import type { LossSpec } from "./define.js";
import { isName } from "./names.js";
import type { InputName, LossInputs } from "./inputTypes.js";
import { elementName, inputOf } from "./lists.js";

// What losses made of losses have in common: terms with names and renamed inputs.

/** One loss of a composed one. */
export interface ComposedTerm<I extends LossInputs = LossInputs> {
  readonly loss: LossSpec<I>;
  /** The name under which the term's value can be read; default: the name of the loss, with a number where it is taken. */
  readonly name?: string;
  /** Its inputs under other names: with `{ target: "teacher" }` the input `teacher` of the whole is the target of this loss. */
  readonly inputs?: { readonly [K in InputName<I>]?: string };
}

/** The serialised form of such a term. */
export interface ComposedTermJSON {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
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

export const composedRules: Rules<ComposedTerm> = {
  loss: { domain: "a loss spec, crossEntropy()", accepts: (value) => isObject(value) || typeof value === "function" },
  name: { domain: "letters and digits", accepts: isName },
  inputs: {
    domain: "names by the names of the loss's inputs",
    accepts: (value) => isPlainObject(value) && Object.values(value).every(isName),
  },
};

/** What `read` makes of each term of a list; throws `OptionError`. `wanted`: what a term is. */
export function readTerms<T>(where: string, wanted: string, terms: unknown, read: (term: unknown) => T): readonly T[] {
  return readable(where, () => {
    const own: T[] = [];
    // A hole is refused like any other item.
    if (Array.isArray(terms)) for (let i = 0; i < terms.length; i++) own.push(read(terms[i]));
    if (own.length > 0) return own;
    throw new OptionError(`${where}: terms must be a list of ${wanted}, got ${printValue(terms)}.`);
  });
}

/** The name of a term among others, each of which has its own. */
export function takeName(where: string, loss: string, given: string | undefined, taken: Set<string>): string {
  const name = given ?? freeName(loss, taken);
  if (taken.has(name)) throw new OptionError(`${where}: terms must have different names, got ${name} twice.`);
  taken.add(name);
  return name;
}

/** `crossEntropy`, then `crossEntropy2` … */
function freeName(loss: string, taken: ReadonlySet<string>): string {
  let name = loss;
  for (let i = 2; taken.has(name); i++) name = `${loss}${i}`;
  return name;
}

/** The inputs of a term by its own names. */
export function ownInputs(
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

/** What every term serialises alike. */
export function composedToJSON({
  loss,
  name,
  inputs,
}: {
  readonly loss: LossSpec;
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
}): ComposedTermJSON {
  return {
    ...loss.toJSON(),
    ...(name === loss.name ? {} : { part: name }),
    ...(Object.keys(inputs).length === 0 ? {} : { inputs }),
  };
}
