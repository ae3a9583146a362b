import { printValue, readable, readParts, type Rules } from "../arguments.js";
import { OptionError } from "../errors.js";
import { checkSpec } from "./checkSpec.js";
import { evaluateSpec } from "./evaluate.js";
import type { AnyDefinition, AnyLoss, LossSpec } from "./define.js";
import { oneOf } from "./options.js";
import { sharedInputs } from "./sharedInputs.js";
import type { Tensor } from "../tensor/tensor.js";

/** One loss of a weighted sum. */
export interface WeightedTerm {
  readonly loss: LossSpec;
  /** Any finite number. */
  readonly weight: number;
}

const rules: Rules<WeightedTerm> = {
  loss: {
    domain: "a loss with its options",
    accepts: (value) => {
      checkSpec("weightedSum", value);
      return true;
    },
  },
  weight: { domain: "a finite number", accepts: Number.isFinite },
};

const required = ["loss", "weight"] as const;

/** The serialised form of a term. */
export interface WeightedTermJSON {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly weight: number;
}

/**
 * A weighted sum of losses is a loss: `Σ weight · loss`, each term reduced by its own reduction first.
 *
 * Its inputs are those of the terms; terms that name the same input share it, and the same letter in their shapes has
 * the same size. Each term keeps its own options: labels may hold the index that every term ignores, and of alternative inputs
 * those that satisfy every term are taken. It compiles to one graph: what the terms have in common is computed once.
 *
 * @throws OptionError on no terms, a weight that is not finite, terms that declare one input differently, or terms that no choice of
 * inputs satisfies.
 * @example
 * ```ts
 * const both = weightedSum([
 *   { loss: clipLoss(), weight: 1 },
 *   { loss: vseLoss({ maxViolation: true }), weight: 0.1 },
 * ]);
 * ```
 */
export function weightedSum(terms: readonly WeightedTerm[]): LossSpec {
  const list: WeightedTerm[] = [];
  readable("weightedSum", () => {
    const isList = Array.isArray(terms) && terms.length > 0;
    if (!isList) {
      throw new OptionError(`weightedSum: terms must be a list of losses with weights, got ${printValue(terms)}.`);
    }
    for (const term of terms as readonly WeightedTerm[]) list.push(readParts("weightedSum", term, rules, required));
  });
  const options = Object.freeze({ terms: list, reduction: "none" });
  const specs = list.map(({ loss }) => loss);
  const definition: AnyDefinition = {
    name: "weightedSum",
    summary: "A weighted sum of losses.",
    formula: list.map(({ loss, weight }) => `${weight} * ${loss.name}`).join(" + "),
    ...sharedInputs(specs),
    options: { reduction: oneOf(["none"], "none", "Each term is reduced by its own reduction.") },
    value: (inputs: Readonly<Record<string, Tensor>>) => {
      const [first, ...rest] = list.map(({ loss, weight }) => evaluateSpec(loss, inputs).mul(weight));
      if (first === undefined) throw new OptionError("weightedSum: terms must not be empty, got none.");
      return rest.reduce((sum, term) => sum.add(term), first);
    },
  };
  const spec = (): LossSpec =>
    Object.freeze({
      name: definition.name,
      options,
      loss,
      toJSON: () => ({
        name: definition.name,
        options: { terms: list.map((term): WeightedTermJSON => ({ ...term.loss.toJSON(), weight: term.weight })) },
      }),
    });
  const loss: AnyLoss = Object.assign(spec, { lossName: definition.name, definition });
  return spec();
}
