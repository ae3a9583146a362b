import { printValue } from "../arguments.js";
import { LossesError, OptionError } from "../errors.js";
import { differentiate } from "../graph/differentiate.js";
import type { Graph } from "../graph/graph.js";
import { simplify } from "../graph/simplify.js";
import { Tracer } from "../graph/trace.js";
import { verify } from "../graph/verify.js";
import type { HeldNumbers, IndexLimit, IndexRange } from "../ops/types.js";
import { symbolsOf } from "../tensor/dimArithmetic.js";
import type { Dim } from "../tensor/dims.js";
import type { DType, FloatDType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Binding, BoundInput } from "./bind.js";
import { readTrace } from "./checkTrace.js";
import type { LossSpec } from "./define.js";
import { ignoredIndex, ignoreIndexInGraph } from "./ignoreIndex.js";
import { inLoss } from "./inLoss.js";
import type { Bound, InputKind } from "./inputs.js";
import { evaluateSpec } from "./evaluate.js";

/** What a graph is traced for. */
export interface TraceRequest {
  readonly dtype: FloatDType;
  /** Inputs whose gradient becomes an output, named `grad:<input>`. Empty: the value alone. */
  readonly gradients: readonly string[];
  /** `"ones"`: the gradient of the sum of the output. `"input"`: the graph takes the incoming gradient as `cotangent`. */
  readonly seed?: "ones" | "input";
  /** Also the parts of the loss, as outputs named `part:<name>`. */
  readonly parts?: boolean;
  /** False: the graph as it was recorded, for who holds the simplified one to it. Default true. */
  readonly simplified?: boolean;
}

/** The name of the output that holds a part of the loss. */
export function partOutput(part: string): string {
  if (typeof part !== "string") {
    throw new OptionError(`partOutput: the part must be given by its name, got ${printValue(part)}.`);
  }
  return `part:${part}`;
}

/** The name of an output that must not be 0, where a mean over nothing is an error. */
export function divisorOutput(index: number): string {
  return `divisor:${index}`;
}

/** The name of the output that holds the gradient of an input. */
export function gradientOutput(input: string): string {
  if (typeof input !== "string") {
    throw new OptionError(`gradientOutput: the input must be given by its name, got ${printValue(input)}.`);
  }
  return `grad:${input}`;
}

/** The dtype of an input in the graph, where floats are computed with as `float`. */
export function inputDType(holds: InputKind, integral: boolean, float: FloatDType): DType {
  if (holds.kind === "mask") return "bool";
  return holds.kind === "index" || integral ? "int32" : float;
}

/** What an input holds, as it is checked before each run; `inputs`: all that are given. */
function heldBy(spec: LossSpec, holds: InputKind, inputs: readonly BoundInput[]): HeldNumbers {
  if (holds.kind === "float") {
    return holds.range === undefined ? {} : { numbers: { from: holds.range.from, to: holds.range.to } };
  }
  if (holds.kind !== "index") return {};
  const letters = new Set(inputs.flatMap(({ shape }) => shape.flatMap(symbolsOf)));
  const isBound = (dim: Dim): boolean => symbolsOf(dim).every((letter) => letters.has(letter));
  const limitOf = (bound: Bound | undefined): IndexLimit | undefined => {
    if (bound === undefined || typeof bound === "number") return bound;
    if (typeof bound === "string") return isBound(bound) ? bound : undefined;
    if ("input" in bound) return inputs.some(({ name }) => name === bound.input) ? { input: bound.input } : undefined;
    const value = "option" in bound ? spec.options[bound.option] : undefined;
    return typeof value === "number" ? value : undefined;
  };
  const [below, atMost] = [limitOf(holds.below), limitOf(holds.atMost)];
  if (below === undefined && atMost === undefined) return {};
  const ignored = ignoredIndex(holds, spec.options);
  const indices: IndexRange = {
    ...(holds.from === 0 ? {} : { from: holds.from }),
    ...(below === undefined ? {} : { below }),
    ...(atMost === undefined ? {} : { atMost }),
    ...(ignored === undefined ? {} : { except: ignoreIndexInGraph(ignored) }),
    ...(holds.sum === undefined || !isBound(holds.sum) ? {} : { sum: holds.sum }),
  };
  return { indices };
}

/** The tensors of a trace by input: as they are fed, and as the loss sees them. */
export interface TracedInputs {
  readonly leaves: Readonly<Record<string, Tensor>>;
  readonly seen: Readonly<Record<string, Tensor>>;
}

/** Adds bound inputs to a trace. */
export function traceInputs(
  tracer: Tracer,
  spec: LossSpec,
  inputs: readonly BoundInput[],
  float: FloatDType,
): TracedInputs {
  const leaves: Record<string, Tensor> = {};
  const seen: Record<string, Tensor> = {};
  for (const { name, shape, holds, integral } of inputs) {
    const dtype = inputDType(holds, integral, float);
    const leaf = tracer.input(name, shape, dtype, heldBy(spec, holds, inputs));
    leaves[name] = leaf;
    seen[name] = integral ? leaf.cast(float) : leaf;
  }
  return { leaves, seen };
}

/**
 * Traces a loss over bound inputs, differentiates, simplifies and verifies it. Outputs: `value`, then `grad:<input>`, `part:<name>`
 * where they are asked for, and `divisor:<i>` where a mean over nothing is an error.
 */
export function traceLoss(spec: LossSpec, binding: Binding, given: TraceRequest): Graph {
  const { inputs, request } = readTrace(spec, binding, given);
  const tracer = new Tracer();
  const { leaves, seen } = traceInputs(tracer, spec, inputs, request.dtype);
  const { value, parts, divisors } = evaluateSpec(spec, seen);
  const wrt = request.gradients.map((name): Tensor => {
    const leaf = leaves[name];
    if (leaf === undefined) {
      throw new LossesError("UNKNOWN_INPUT", `${spec.name}: gradients must be of given inputs, got ${name}.`);
    }
    return leaf;
  });
  const seed =
    request.seed === "input"
      ? tracer.input("cotangent", value.shape, request.dtype)
      : tracer.constant(1, request.dtype);
  const gradients = wrt.length === 0 ? [] : inLoss(spec.name, () => differentiate(tracer, value, wrt, seed));
  const outputs: Record<string, number> = { value: tracer.idOf(value) };
  request.gradients.forEach((name, i) => {
    const gradient = gradients[i];
    if (gradient !== undefined) outputs[gradientOutput(name)] = tracer.idOf(gradient);
  });
  if (request.parts === true) {
    for (const [name, part] of Object.entries(parts)) outputs[partOutput(name)] = tracer.idOf(part);
  }
  divisors.forEach((divisor, i) => (outputs[divisorOutput(i)] = tracer.idOf(divisor)));
  const recorded = tracer.builder.finish(spec.name, outputs);
  const graph = request.simplified === false ? recorded : simplify(recorded);
  verify(graph);
  return graph;
}
