import { allLosses, inputOf, specFromJSON, type LossSpec, type SpecJSON } from "@losses/core";
import { kinds, type Inputs, type Problem } from "./problems.js";

/** Any loss at some shapes, as JSON, from which each process makes the same inputs. */
export interface LossProblem {
  readonly loss: SpecJSON;
  /** By tensor: an element of a list is one, `fake.0`. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** The tensors that are differentiated. */
  readonly wrt: readonly string[];
  /** The least number of inputs that name no range. */
  readonly least: -1 | 0;
}

/** What a process computes: a problem that peers are written for, or any loss. */
export type AnyProblem = Problem | LossProblem;

export function isWritten(problem: AnyProblem): problem is Problem {
  return "kind" in problem;
}

/** What is computed of what. */
export interface ProblemFacts {
  readonly spec: LossSpec;
  /** The tensors that are differentiated. */
  readonly wrt: readonly string[];
  /** By tensor. */
  readonly inputs: Inputs;
  /** Tensors by input: elements as the lists that they are of. */
  readonly byInput: <V>(tensors: Readonly<Record<string, V>>) => Readonly<Record<string, V | readonly V[]>>;
}

export async function factsOf(problem: AnyProblem): Promise<ProblemFacts> {
  if (isWritten(problem)) {
    const { spec, wrt, inputs } = kinds[problem.kind];
    return { spec, wrt, inputs: inputs(problem.rows, problem.columns), byInput: (tensors) => tensors };
  }
  const { groupByInput, drawInputs } = await import("@losses/conformance");
  const spec = specFromJSON(allLosses, problem.loss);
  const sampled = drawInputs(spec, problem.shapes, { least: problem.least });
  const inputs = sampled.map(({ name, data, shape, dtype }) => [name, { data, shape, dtype }] as const);
  return {
    spec,
    wrt: problem.wrt,
    inputs: Object.fromEntries(inputs),
    byInput: (tensors) => groupByInput(Object.entries(tensors)),
  };
}

/** The inputs that tensors belong to. */
export function inputsOf(tensors: readonly string[]): readonly string[] {
  return [...new Set(tensors.map(inputOf))];
}
