import type { DimSizes, DType, Graph, Shape } from "@losses/core";
import type { Runtime, Value } from "./runtime.js";

/** What a step is given when it runs: its operands, the sizes of its result, and of the graph's symbols. */
export interface StepContext {
  readonly operands: readonly Value[];
  readonly shape: readonly number[];
  readonly sizes: DimSizes;
}

/** An operand of a running step. */
export function operandAt({ operands }: StepContext, index: number): Value {
  const tensor = operands[index];
  if (tensor === undefined) throw new RangeError(`operand ${index} of ${operands.length} does not exist`);
  return tensor;
}

/** One tensor of a plan. Its id is its position. */
export interface Step {
  readonly operands: readonly number[];
  readonly shape: Shape;
  readonly dtype: DType;
  /** The feed that the tensor is, or how to compute it from operands and for a result that all have elements. */
  readonly source: string | ((rt: Runtime, context: StepContext) => Value);
  /** What the elements of the result are when an operand has none: the neutral element of a reduction. */
  readonly neutral: number;
  /** Integers below 2²⁴ in size, which pass through float32 unharmed. */
  readonly small: boolean;
  /** The number that the tensor is, if it is known. */
  readonly value?: number;
}

/** A graph as kernel calls. Tensors are freed after the last step that reads them. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly outputs: readonly number[];
  /** For each step, the tensors that nothing reads after it. */
  readonly lastReads: readonly (readonly number[])[];
}

/** A step about to be added; the rest of its properties have defaults. */
export type NewStep = Pick<Step, "operands" | "shape" | "dtype" | "source"> & Partial<Step>;

/** Collects steps, one per distinct computation, so that nodes share the parts that they have in common. */
export class PlanBuilder {
  readonly graph: Graph;
  readonly device: string;
  readonly #steps: Step[] = [];
  readonly #known = new Map<string, number>();

  readonly #nodes = new Map<number, number>();

  constructor(graph: Graph, device: string) {
    this.graph = graph;
    this.device = device;
  }

  /** The step that holds a node's result. */
  of(node: number): number {
    return this.#nodes.get(node) ?? -1;
  }

  /** Remembers the step that holds a node's result. */
  set(node: number, step: number): void {
    this.#nodes.set(node, step);
  }

  step(id: number): Step {
    const step = this.#steps[id];
    if (step === undefined) throw new RangeError(`a plan has no step ${id}`);
    return step;
  }

  /** Adds a step, or finds the one that computes the same; `name` says what is computed from the operands. */
  add(name: string, step: NewStep): number {
    const key = `${name}(${step.operands.join()}):${step.dtype}[${step.shape.join()}]`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.#steps.length;
    this.#steps.push({ neutral: 0, small: false, ...step });
    this.#known.set(key, id);
    return id;
  }

  /** The plan that computes these steps, without those that turned out not to be needed. */
  finish(outputs: readonly number[]): Plan {
    const live = new Set(outputs);
    for (let id = this.#steps.length - 1; id >= 0; id--) {
      if (live.has(id)) for (const operand of this.step(id).operands) live.add(operand);
    }
    const ids = new Map([...live].sort((a, b) => a - b).map((id, i) => [id, i]));
    const renumber = (id: number): number => ids.get(id) ?? -1;
    const steps = [...ids.keys()].map((id): Step => {
      const step = this.step(id);
      return { ...step, operands: step.operands.map(renumber) };
    });
    return { steps, outputs: outputs.map(renumber), lastReads: lastReads(steps, outputs.map(renumber)) };
  }
}

function lastReads(steps: readonly Step[], outputs: readonly number[]): readonly (readonly number[])[] {
  const last = new Map<number, number>();
  steps.forEach((step, id) => {
    last.set(id, id);
    for (const operand of step.operands) last.set(operand, id);
  });
  for (const output of outputs) last.delete(output);
  const reads: number[][] = steps.map(() => []);
  for (const [id, reader] of last) reads[reader]?.push(id);
  return reads;
}
