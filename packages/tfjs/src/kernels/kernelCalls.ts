import { movedTo, type Dim, type DimSizes, type DType, type Graph, type NodeOf, type Shape } from "@losses/core";
import type { Runtime, Value } from "./runtime.js";

/** What a step is given when it runs: its operands, the sizes of its result, and of the graph's symbols. */
export interface StepContext {
  readonly operands: readonly Value[];
  readonly shape: readonly number[];
  readonly sizes: DimSizes;
}

/** One tensor that calls compute. Its id is its position. */
export interface Step {
  readonly operands: readonly number[];
  readonly shape: Shape;
  readonly dtype: DType;
  /**
   * The feed that the tensor is, or how to compute it from operands and for a result that all have elements, or what it is of
   * the results of a loop.
   */
  readonly source: string | ((rt: Runtime, context: StepContext) => Value) | LoopResult;
  /** What the elements of the result are when an operand has none: the neutral element of a reduction. */
  readonly neutral: number;
  /** Operands without elements are operands all the same. */
  readonly readsEmpty: boolean;
  /** Integers below 2²⁴ in size, which pass through float32 unharmed. */
  readonly small: boolean;
  /** The number that the tensor is, if it is known. */
  readonly value?: number;
}

/** Calls that are made again and again, each time on what the time before left. */
export interface Loop {
  /** Its results: the next carries, then what is collected of each step. */
  readonly body: KernelCalls;
  /** What the body's operands are called there: the carries, this step's part of each sequence, then what is always the same. */
  readonly inputs: readonly string[];
  readonly carries: number;
  readonly sequences: number;
  readonly length: Dim;
  readonly reverse: boolean;
}

/** One of the results of a loop, which come together. */
export interface LoopResult {
  readonly loop: Loop;
  readonly result: number;
}

/** A graph as kernel calls. Tensors are freed after the last step that reads them. */
export interface KernelCalls {
  readonly steps: readonly Step[];
  readonly outputs: readonly number[];
  /** For each step, the tensors that nothing reads after it. */
  readonly lastReads: readonly (readonly number[])[];
}

/** A loop whose body is not lowered yet: its calls are to make only those results that something needs. */
interface PendingLoop extends Omit<Loop, "body"> {
  readonly operands: readonly number[];
  readonly graph: Graph;
}

/** One of the outputs of such a loop. */
interface PendingResult {
  readonly pending: PendingLoop;
  readonly output: number;
}

/** A step about to be added; the rest of its properties have defaults. */
export type NewStep = Pick<Step, "operands" | "shape" | "dtype"> &
  Partial<Omit<Step, "source">> & { readonly source: Step["source"] | PendingResult };

type AddedStep = Omit<Step, "source"> & Pick<NewStep, "source">;

/** What makes calls of some of a graph's outputs. */
type Lower = (graph: Graph, outputs: Graph["outputs"]) => KernelCalls;

/** Collects steps, one per distinct computation, so that nodes share the parts that they have in common. */
export class KernelCallsBuilder {
  readonly graph: Graph;
  readonly device: string;
  readonly #lower: Lower;
  readonly #steps: AddedStep[] = [];
  readonly #known = new Map<string, number>();
  readonly #nodes = new Map<number, number>();
  readonly #loops: PendingLoop[] = [];

  /** `lower`: for the bodies of loops. */
  constructor(graph: Graph, device: string, lower: Lower) {
    this.graph = graph;
    this.device = device;
    this.#lower = lower;
  }

  /** The step that holds a node's result. */
  of(node: number): number {
    return movedTo(this.#nodes, node);
  }

  /** Remembers the step that holds a node's result. */
  set(node: number, step: number): void {
    this.#nodes.set(node, step);
  }

  step(id: number): AddedStep {
    const step = this.#steps[id];
    if (step === undefined) throw new RangeError(`there is no step ${id}`);
    return step;
  }

  /** Adds a step, or finds the one that computes the same; `name` says what is computed from the operands. */
  add(name: string, step: NewStep): number {
    const key = `${name}(${step.operands.join()}):${step.dtype}[${step.shape.join()}]`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.#steps.length;
    this.#steps.push({ neutral: 0, small: false, readsEmpty: false, ...step });
    this.#known.set(key, id);
    return id;
  }

  /** Adds one of the outputs of a loop; outputs of one scan are of one loop. */
  addLoop({ attrs, shape, dtype }: NodeOf<"scan">, operands: readonly number[]): number {
    const { output, body: graph, carries, sequences, length, reverse } = attrs;
    const isSame = (loop: PendingLoop): boolean =>
      loop.graph === graph && loop.reverse === reverse && loop.operands.join() === operands.join();
    let number = this.#loops.findIndex(isSame);
    if (number < 0) {
      const inputs = graph.nodes.flatMap((node) => (node.op === "input" ? [node.attrs.name] : []));
      number = this.#loops.push({ operands, graph, inputs, carries, sequences, length, reverse }) - 1;
    }
    const pending = this.#loops[number];
    if (pending === undefined) throw new RangeError(`there is no loop ${number}`);
    const source: PendingResult = { pending, output };
    return this.add(`output ${output} of loop ${number}`, { operands, shape, dtype, source, readsEmpty: true });
  }

  /** The calls that compute these steps, without those that turned out not to be needed. */
  finish(outputs: readonly number[]): KernelCalls {
    const live = new Set(outputs);
    for (let id = this.#steps.length - 1; id >= 0; id--) {
      if (live.has(id)) for (const operand of this.step(id).operands) live.add(operand);
    }
    const kept = [...live].sort((a, b) => a - b);
    const ids = new Map(kept.map((id, i) => [id, i]));
    const renumber = (id: number): number => movedTo(ids, id);
    const resultOf = this.#resolveLoops(kept);
    const steps = kept.map((id): Step => {
      const { source, ...step } = this.step(id);
      const resolved = typeof source === "object" && "pending" in source ? resultOf(source) : source;
      return { ...step, source: resolved, operands: step.operands.map(renumber) };
    });
    return { steps, outputs: outputs.map(renumber), lastReads: lastReads(steps, outputs.map(renumber)) };
  }

  /** Lowers the bodies of loops, with those of their outputs that are among these steps. */
  #resolveLoops(kept: readonly number[]): (source: PendingResult) => LoopResult {
    const needed = new Map<PendingLoop, number[]>();
    for (const id of kept) {
      const { source } = this.step(id);
      if (typeof source !== "object" || !("pending" in source)) continue;
      needed.set(source.pending, [...(needed.get(source.pending) ?? []), source.output]);
    }
    const loops = new Map<PendingLoop, { readonly loop: Loop; readonly results: readonly number[] }>();
    for (const [pending, outputs] of needed) {
      const { operands: _, graph, ...loop } = pending;
      // Each step leaves all carries to the next.
      const results = [...graph.outputs.keys()].filter((output) => output < loop.carries || outputs.includes(output));
      const body = this.#lower(
        graph,
        graph.outputs.filter((__, output) => results.includes(output)),
      );
      loops.set(pending, { loop: { ...loop, body }, results });
    }
    return ({ pending, output }) => {
      const found = loops.get(pending);
      if (found === undefined) throw new RangeError(`output ${output} of a loop is needed that is not there`);
      return { loop: found.loop, result: found.results.indexOf(output) };
    };
  }
}

function lastReads(steps: readonly Step[], outputs: readonly number[]): readonly (readonly number[])[] {
  const last = new Map<number, number>();
  const loops = new Set<Loop>();
  steps.forEach((step, id) => {
    last.set(id, id);
    // The first result of a loop brings the others with it.
    if (typeof step.source === "object") {
      if (loops.has(step.source.loop)) return;
      loops.add(step.source.loop);
    }
    for (const operand of step.operands) last.set(operand, id);
  });
  for (const output of outputs) last.delete(output);
  const reads: number[][] = steps.map(() => []);
  for (const [id, reader] of last) reads[reader]?.push(id);
  return reads;
}
