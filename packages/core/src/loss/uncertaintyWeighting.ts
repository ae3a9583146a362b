import { readParts, type Rules } from "../arguments.js";
import { OptionError } from "../errors.js";
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
import { parameter } from "./inputs.js";
import { isName } from "./names.js";
import type { LossInputs } from "./inputTypes.js";
import { oneOf } from "./options.js";
import { sharedInputs } from "./sharedInputs.js";

/** What a task's noise does: a Gaussian's variance halves the loss, a softmax's temperature does not. */
export type TaskKind = "regression" | "classification";

/** One task of an uncertainty weighting. */
export interface UncertainTerm<I extends LossInputs = LossInputs> extends ComposedTerm<I> {
  /** Default `"regression"`. */
  readonly task?: TaskKind;
}

/** The serialised form of a task. */
export interface UncertainTermJSON extends ComposedTermJSON {
  readonly task?: TaskKind;
}

/** The inputs of the tasks, and the logarithm of each task's variance. */
export type UncertaintyInputs<T extends readonly unknown[]> = SumInputs<T> & { readonly logVariances: "float" };

/**
 * Uncertainty weighting of several tasks is a loss, whose weights are learnt: each task's loss counts by the inverse of a variance.
 *
 * `Σ_k c_k e^(−s_k) loss_k + s_k / 2`, `c` ½ for a regression and 1 for a classification, `s` the input `logVariances`
 *
 * Its inputs are those of the tasks, shared and renamed as in `weightedSum`, and `logVariances` of shape (K), `log σ²` of each task in
 * their order: a parameter of the model, 0 at the start. Each task is reduced by its own reduction first; its value is a part of the
 * result by the task's name, and `uncertainty` is the part `½ Σ s`.
 *
 * @throws OptionError on no tasks, two of one name, or tasks that declare one input differently.
 * @example
 * ```ts
 * const multiTask = uncertaintyWeighting([
 *   { name: "labels", loss: crossEntropy(), task: "classification" },
 *   { name: "scores", loss: lsganGeneratorLoss(), task: "regression" },
 * ]);
 * const loss = await backend.compile(multiTask);
 * const { value, grads } = await loss.valueAndGrad({ input, target, fake, logVariances: [0, 0] });
 * ```
 */
export function uncertaintyWeighting<const T extends readonly UncertainTerm[]>(
  terms: T,
): LossSpec<UncertaintyInputs<T>> {
  const list = readTasks(terms);
  const options = Object.freeze({ terms: list, reduction: "none" });
  const shared = sharedInputs(
    where,
    list.map(({ loss, inputs }) => ({ spec: loss, names: inputs })),
  );
  if (Object.hasOwn({ ...shared.inputs, ...shared.optionalInputs }, "logVariances")) {
    const cure = 'Rename it in one: inputs: { logVariances: "other" }.';
    throw new OptionError(`${where}: no task may have an input logVariances, got one that has. ${cure}`);
  }
  const logVariances = parameter([list.length], "Logarithm of each task's variance, in the order of the tasks.");
  const withVariances = <D extends Pick<AnyDefinition, "inputs">>(own: D): D => ({
    ...own,
    inputs: { ...own.inputs, logVariances },
  });
  const definition: AnyDefinition = {
    name: where,
    summary: "Losses of several tasks, each weighted by the inverse of a variance that is learnt.",
    formula: list.map(({ loss, task }, k) => `${share[task]} * exp(-s${k}) * ${loss.name} + s${k} / 2`).join(" + "),
    references: [
      "Kendall, Gal, Cipolla: Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics, CVPR 2018",
    ],
    ...withVariances(shared),
    forGiven: (given) => withVariances(shared.forGiven(given)),
    options: { reduction: oneOf(["none"], "none", "Each task is reduced by its own reduction.") },
    value: (inputs: Readonly<Record<string, Tensor | readonly Tensor[]>> & { readonly logVariances: Tensor }) => {
      const s = inputs.logVariances;
      const tasks = list.map((term) => ({
        ...term,
        own: evaluateSpec(term.loss, ownInputs(term.loss, term.inputs, inputs)),
      }));
      const parts = tasks.map(({ name, task, own }, k) => {
        const weight = s.slice(0, k, 1).squeeze(0).neg().exp().mul(share[task]);
        return [name, { part: own.value, weight }] as const;
      });
      return {
        parts: { ...Object.fromEntries(parts), uncertainty: s.sum().mul(0.5) },
        divisors: tasks.flatMap(({ own }) => own.divisors),
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
  return spec() as unknown as LossSpec<UncertaintyInputs<T>>;
}

const where = "uncertaintyWeighting";
const share: Readonly<Record<TaskKind, number>> = { regression: 0.5, classification: 1 };

interface Term {
  readonly loss: LossSpec;
  readonly task: TaskKind;
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
}

const termRules: Rules<UncertainTerm> = {
  ...composedRules,
  task: { domain: '"regression" or "classification"', accepts: (task) => isName(task) && Object.hasOwn(share, task) },
};

function readTasks(terms: unknown): readonly Term[] {
  const taken = new Set(["uncertainty"]);
  return readTerms(where, "losses", terms, (given): Term => {
    const term = readParts(where, given as UncertainTerm, termRules, ["loss"]);
    const { loss, task = "regression", inputs = {} } = term;
    checkSpec(where, loss);
    const name = takeName(where, loss.name, term.name, taken);
    return { loss, task, name, inputs: { ...inputs } as Record<string, string> };
  });
}

function termToJSON(term: Term): UncertainTermJSON {
  return { ...composedToJSON(term), ...(term.task === "regression" ? {} : { task: term.task }) };
}
