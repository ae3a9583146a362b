import { isFloat, operandAt, operandNode, type DType, type Shape } from "@losses/core";
import { atLeastOne, divideUp, minus, productOf, times, type Count } from "./counts.js";
import type { EmitContext, Emitter } from "./context.js";
import { isColumn, lastAxis } from "./passes/columns.js";
import { isPlain, paddedRow, plainLimit, runsOf, type SumStages, type SumRun } from "./sumStages.js";

export const emitSum: Emitter<"reduceSum"> = (node, inputs, context) => {
  const { axes, keepdims } = node.attrs;
  const { writer, graph } = context;
  const { shape } = operandNode(graph, node, 0);
  const x = { value: operandAt(inputs, 0), shape, dtype: node.dtype };
  if (keepdims && axes.join() === String(node.shape.length - 1) && isColumn(node, context)) {
    return writer.node("Unsqueeze", [sumAlong(x, axes, false, context), lastAxis(node, context)]);
  }
  return sumAlong(x, axes, keepdims, context);
};

/** A value that is written, with its type. */
export interface Written {
  readonly value: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A sum along axes, in as many stages as keep its digits. */
export function sumAlong(x: Written, axes: readonly number[], keepdims: boolean, context: EmitContext): string {
  const { writer } = context;
  const runs = isFloat(x.dtype) ? runsOf(x.shape, axes) : [];
  const stages = runs.map((run) => context.stagesOf(run));
  // Of runs apart from each other ONNX Runtime adds every term in one lane.
  if (runs.length < 2 && stages.every(isPlain)) {
    return writer.node("ReduceSum", [x.value, writer.list(axes)], { keepdims: keepdims ? 1 : 0 });
  }
  const total = runs.reduce((left, run, i): Written => {
    const shape = left.shape.filter((_, axis) => axis < run.start || axis >= run.end);
    return { ...x, shape, value: sumRun(left, { ...x, shape, value: "" }, run, stages[i], context) };
  }, x);
  return keepdims ? writer.node("Unsqueeze", [total.value, writer.list(axes)]) : total.value;
}

/** The sum of one run, whose axes go; `result`: what is left, for its type. */
function sumRun(x: Written, result: Written, run: SumRun, stages: SumStages | undefined, context: EmitContext): string {
  const { writer, sizes } = context;
  const plain = (): string => {
    const axes = x.shape.flatMap((_, axis) => (axis >= run.start && axis < run.end ? [axis] : []));
    return writer.node("ReduceSum", [x.value, writer.list(axes)], { keepdims: 0 });
  };
  if (stages === undefined || isPlain(stages)) return plain();
  const sum = new RunSum(x, run, context);
  if (!stages.isOpen || sizes.areFed) return sum.inStages(stages);
  const isLong = writer.node("Less", [writer.list([plainLimit(run)]), sizes.list([sum.count])]);
  return writer.branch(isLong, () => sum.inOpenStages(stages), plain, result);
}

/** What is summed as one axis between others. */
class RunSum {
  /** How many elements a line has. */
  readonly count: Count;
  readonly #x: Written;
  readonly #run: SumRun;
  readonly #context: EmitContext;
  readonly #before: Shape;
  readonly #after: Shape;

  constructor(x: Written, run: SumRun, context: EmitContext) {
    this.count = productOf(run.dims);
    this.#x = x;
    this.#run = run;
    this.#context = context;
    this.#before = x.shape.slice(0, run.start);
    this.#after = x.shape.slice(run.end);
  }

  inStages({ first, padded }: SumStages): string {
    if (first === undefined) return this.#finish(this.#flat(), this.count, padded);
    const number = divideUp(this.count, first);
    return this.#finish(this.#sumRows(this.#x.value, number, first), number, padded);
  }

  /**
   * The same for sizes that are not known. In the first stage n elements are m = ⌈n / longest row⌉ rows of ⌈n / m⌉, which for most n
   * is n in all, so that nothing is appended, for which everything would be copied.
   */
  inOpenStages({ padded }: SumStages): string {
    const { writer, sizes } = this.#context;
    const { value, dtype } = this.#x;
    const number = divideUp(this.count, paddedRow(this.#run));
    // Inside the body of a scan it is computed in any case.
    const length = divideUp(this.count, atLeastOne(number));
    const missing = minus(times(number, length), this.count);
    const partial = writer.branch(
      writer.node("Equal", [sizes.list([missing]), writer.list([0])]),
      () => this.#sumRows(value, number, length),
      () => this.#sumRows(this.#filled(this.#flat(), missing), number, length),
      { dtype, shape: [...this.#before, `rows of ${value}`, ...this.#after] },
    );
    return this.#finish(partial, number, padded - 1);
  }

  /** Stages of rows that zeros fill up, and what they leave in one go. */
  #finish(line: string, count: Count, stages: number): string {
    if (stages === 0) return this.#sumAxis(line, this.#run.start);
    const row = paddedRow(this.#run);
    const number = divideUp(count, row);
    const filled = this.#filled(line, minus(times(number, row), count));
    return this.#finish(this.#sumRows(filled, number, row), number, stages - 1);
  }

  /** The run as one axis. */
  #flat(): string {
    return this.#run.dims.length > 1 ? this.#reshape(this.#x.value, this.count) : this.#x.value;
  }

  #filled(line: string, missing: Count): string {
    if (missing === 0) return line;
    const { writer, sizes } = this.#context;
    const [before, after] = [this.#before.map(() => 0), this.#after.map(() => 0)];
    return writer.node("Pad", [line, sizes.list([...before, 0, ...after, ...before, missing, ...after])]);
  }

  #sumRows(line: string, number: Count, length: Count): string {
    return this.#sumAxis(this.#reshape(line, number, length), this.#run.start + 1);
  }

  #sumAxis(line: string, axis: number): string {
    const { writer } = this.#context;
    return writer.node("ReduceSum", [line, writer.list([axis])], { keepdims: 0 });
  }

  #reshape(line: string, first: Count, ...rest: readonly Count[]): string {
    const { writer, sizes, hasElements } = this.#context;
    if (hasElements && !sizes.areFed) {
      // No op has to say what stays (0) and what is left (-1).
      const kept = this.#before.map(() => 0);
      return writer.node("Reshape", [line, sizes.list([...kept, -1, ...rest, ...this.#after])]);
    }
    return writer.node("Reshape", [line, sizes.list([...this.#before, first, ...rest, ...this.#after])], {
      allowzero: 1,
    });
  }
}
