import { readParts, type Rules } from "../arguments.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkSpec } from "./checkSpec.js";
import {
  composedRules,
  composedToJSON,
  ownInputs,
  readTerms,
  takeName,
  type ComposedTerm,
  type ComposedTermJSON,
  type SumInputs,
} from "./composed.js";
import type { AnyDefinition, AnyLoss, LossSpec } from "./define.js";
import { evaluateSpec, markSampled } from "./evaluate.js";
import type { LossInputs } from "./inputTypes.js";
import { oneOf } from "./options.js";
import { sharedInputs } from "./sharedInputs.js";

/** One loss of a weighted sum. */
export interface WeightedTerm<I extends LossInputs = LossInputs> extends ComposedTerm<I> {
  /** Any finite number. */
  readonly weight: number;
}

/** The serialised form of a term: a loss, and what the sum makes of it. */
export interface WeightedTermJSON extends ComposedTermJSON {
  readonly weight: number;
}

/**
 * A weighted sum of losses is a loss: `Σ weight · loss`, each term reduced by its own reduction first.
 *
 * Its inputs are those of the terms; terms that name the same input share it, and then the same letter in their shapes has
 * the same size: directly or through others, and where the input is an optional one, when it is given. Terms that share no
 * input may have any shapes. Each term keeps its own options: labels may hold the index that every term ignores, and of alternative inputs
 * those that satisfy every term are taken. `sampleWeight` and `mask` are its inputs where all terms take them in one shape; else they
 * are renamed in those that they are for: `inputs: { sampleWeight: "trust" }`. It compiles to one graph: what the terms have in common is computed once. The value
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
  const list = readWeighted(terms);
  const options = Object.freeze({ terms: list, reduction: "none" });
  const definition: AnyDefinition = {
    name: "weightedSum",
    summary: "A weighted sum of losses.",
    formula: list.map(({ loss, weight }) => `${weight} * ${loss.name}`).join(" + "),
    ...sharedInputs(
      "weightedSum",
      list.map(({ loss, inputs }) => ({ spec: loss, names: inputs })),
    ),
    options: { reduction: oneOf(["none"], "none", "Each term is reduced by its own reduction.") },
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
  markSampled(definition);
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
  ...composedRules,
  weight: { domain: "a finite number", accepts: Number.isFinite },
};

function readWeighted(terms: unknown): readonly Term[] {
  const taken = new Set<string>();
  return readTerms("weightedSum", "losses with weights", terms, (given): Term => {
    const term = readParts("weightedSum", given as WeightedTerm, termRules, ["loss", "weight"]);
    const { loss, weight, inputs = {} } = term;
    checkSpec("weightedSum", loss);
    const name = takeName("weightedSum", loss.name, term.name, taken);
    return { loss, weight, name, inputs: { ...inputs } as Record<string, string> };
  });
}

function termToJSON(term: Term): WeightedTermJSON {
  return { ...composedToJSON(term), weight: term.weight };
}
